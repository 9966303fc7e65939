"""Images in requests: taken as they are; the very value that is wrong is named."""

import io
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import orjson
import pytest
from PIL import Image

from {{ cookiecutter.package_name }}.serving import (
    mlflow,
    rows,
    torchserve,
    values,
)
from {{ cookiecutter.package_name }}.serving.messages import (
    Request,
    RequestError,
)
from {{ cookiecutter.package_name }}.serving.model import Model

from graphs import CLASSES, ROWS, TENSORS, expected

PIXELS = (TENSORS["images"][0] * 255 / 16).round().astype(np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """Return an image as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


PNG = encoded(Image.fromarray(PIXELS))


def same(feeds: Any) -> bool:
    """Whether feeds are what the model takes, with the values of the sample."""
    array = feeds["images"]
    assert array.dtype == np.float32
    assert array.flags.c_contiguous and array.flags.aligned
    return np.array_equal(array, TENSORS["images"])


def test_images_are_read_from_every_form(model: Model) -> None:
    assert same(rows.from_rows(model, ROWS, "instances"))
    named = [{"images": image} for image in ROWS]
    assert same(rows.from_rows(model, named, "instances"))
    assert same(rows.from_columns(model, {"images": ROWS}, "inputs"))
    assert same(rows.from_columns(model, ROWS, "inputs"))
    assert same(rows.from_rows(model, TENSORS["images"].astype(float), "instances"))
    one = rows.from_row(model, ROWS[0], "body")
    assert np.array_equal(one["images"], TENSORS["images"][:1])


@pytest.mark.parametrize(
    "dtype", ["u1", "i1", "u2", "i4", "u8", "i8", "f2", "f4", "f8", ">f4"]
)
def test_tensors_of_any_number_are_read(dtype: str, model: Model) -> None:
    data = b"x" + TENSORS["images"].astype(dtype).tobytes()  # not where numbers begin
    given = np.frombuffer(data, dtype, offset=1).reshape(2, 8, 8)
    assert same(rows.from_tensors(model, {"images": given}, {"images": "inputs[0]"}))
    feeds = rows.from_tensors(model, TENSORS, {"images": "inputs[0]"})
    assert np.shares_memory(feeds["images"], TENSORS["images"])  # right: not copied


def test_scaled_pixels_are_refused_and_told_the_range(model: Model) -> None:
    rule = "x: no pixel is above 1; send pixels as they are in the file, from 0 to 16"
    for largest in (1, 0.5):
        scaled = (TENSORS["images"] / 16 * largest).astype(float).tolist()
        for read in (rows.from_rows, rows.from_columns):
            with pytest.raises(RequestError, match=rule) as refused:
                read(model, scaled, "x")
            assert refused.value.status == 400
        with pytest.raises(RequestError, match=rule):
            rows.from_tensors(model, {"images": np.array(scaled)}, {"images": "x"})
    dark = np.zeros((2, 8, 8))
    assert not rows.from_rows(model, dark.tolist(), "x")["images"].any()
    dark[1, 0, 0] = 1.5  # one of the request is enough
    assert rows.from_rows(model, dark.tolist(), "x")["images"].max() == 1.5


def spoil(change: Callable[[Any], Any]) -> Any:
    """Return the sample after a change to a copy of it."""
    images = deepcopy(ROWS)
    change(images)
    return images


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[1][3].pop(), "x[1][3]: must be a list of 8 values, has 7"),
        (lambda x: x[1].append([0] * 8), "x[1]: must be a list of 8 lists, has 9"),
        (lambda x: x[0].__setitem__(0, 1), "x[0][0]: must be a list of 8 values, is a"),
        (lambda x: x.__setitem__(0, 1), "x[0]: must be a list of 8 lists, is a number"),
        (lambda x: x[1][2].__setitem__(5, None), "x[1][2][5]: must be a number, is nu"),
        (lambda x: x[1][2].__setitem__(5, True), "x[1][2][5]: must be a number, is a"),
        (lambda x: x[1][2].__setitem__(5, "1"), "x[1][2][5]: must be a number, is a t"),
        (lambda x: x[1][2].__setitem__(5, [1]), "x[1][2][5]: must be a number, is a l"),
        (lambda x: x[1][2].__setitem__(5, -1), "x[1][2][5]: must be from 0 to 16, is"),
        (lambda x: x[1][2].__setitem__(5, 17), "x[1][2][5]: must be from 0 to 16, is"),
        (lambda x: x[1][2].__setitem__(5, 1e300), "x[1][2][5]: must be from 0 to 16,"),
        (lambda x: x.__setitem__(0, {"image": []}), "x[0]: unknown: 'image'; known: '"),
        (lambda x: x.__setitem__(0, {}), "x[0]: missing: 'images'"),
        (lambda x: x.__setitem__(0, {"images": 1}), "x[0].images: must be a list of 8"),
        (lambda x: x.clear(), "x: is empty"),
    ],
)
def test_the_wrong_value_is_named(
    change: Callable[[Any], Any], message: str, model: Model
) -> None:
    images = spoil(change)
    with pytest.raises(RequestError) as refused:
        rows.from_rows(model, images, "x")
    assert str(refused.value).startswith(message)
    with pytest.raises(RequestError) as refused:
        mlflow.predict(model, Request({}, {}, orjson.dumps({"instances": images})))
    assert str(refused.value).startswith(message.replace("x", "instances", 1))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 64), np.float32), "x: must be of shape [n, 8, 8], is [2, 64]"),
        (np.full((1, 8, 8), np.nan), "x[0][0][0]: must be from 0 to 16, is nan"),
        (np.full((1, 8, 8), np.inf), "x[0][0][0]: must be from 0 to 16, is inf"),
        (np.full((1, 8, 8), 1e300), "x[0][0][0]: must be from 0 to 16, is 1e+300"),
        (np.full((1, 8, 8), 2**24 + 1), "x[0][0][0]: must be from 0 to 16, is 1677721"),
        (np.full((1, 8, 8), "1", dtype=object), "x: must be numbers, not texts or"),
    ],
)
def test_the_wrong_value_of_a_tensor_is_named(
    array: Any, message: str, model: Model
) -> None:
    with pytest.raises(RequestError) as refused:
        rows.from_tensors(model, {"images": array}, {"images": "x"})
    assert str(refused.value).startswith(message)
    with pytest.raises(RequestError, match="inputs: unknown: 'image'"):
        rows.from_tensors(model, {"image": array}, {"image": "inputs[0]"})


def test_one_image_is_told_from_a_list_of_them(model: Model) -> None:
    assert rows.is_one(model, ROWS[0])
    assert not rows.is_one(model, ROWS)
    others: list[Any] = [[], [1], [[]], {}, None]
    assert not any(rows.is_one(model, value) for value in others)


@pytest.mark.parametrize("colours", [False, True])
def test_quick_and_exact_reading_agree(colours: bool) -> None:
    """What the quick way takes, the exact way takes too, and reads the same."""
    shape = (2, 3, 3) if colours else (4, 4)
    images = np.random.default_rng(0).integers(0, 17, (2, *shape)).tolist()
    whole = orjson.dumps({"instances": images})
    random = np.random.default_rng(0)
    taken = 0
    for _ in range(2000):
        body = bytearray(whole)
        for place in random.integers(0, len(body), random.integers(1, 5)):
            body[place] = random.choice(list(b"[],,000123.e- "))
        quick = values.with_array(bytes(body), shape, ("instances",))
        if quick is not None:
            document = orjson.loads(bytes(body))
            quick["instances"] = quick["instances"].tolist()
            assert quick == document
            assert len(values.flattened(document["instances"], (2, *shape), "x")) > 9
            taken += 1
    assert taken > 20
    for other in (b'"x"', b"1", b"[]", b"{}", b"\xef\xbb\xbf" + whole):
        assert values.with_array(other, shape, ()) is None
    assert values.with_array(orjson.dumps(images), shape, ()).tolist() == images


def classified(model: Model, body: bytes, kind: str = "image/png") -> Any:
    """Return what TorchServe's protocol answers to a body."""
    headers = {"content-type": kind} if kind else {}
    feeds, write = torchserve.predict(model, Request({}, headers, body))
    return orjson.loads(write(model.predict(feeds)).body)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "JPEG"])
def test_the_brightness_of_every_pixel_is_kept(mode: str, model: Model) -> None:
    picture = encoded(Image.fromarray(PIXELS), "JPEG", quality=100)
    if mode != "JPEG":
        picture = encoded(Image.fromarray(PIXELS).convert(mode))
    read = rows.from_picture(model, picture, "body")["images"]
    assert read.dtype == np.float32
    assert read.shape == (1, 8, 8)
    assert np.abs(read * (255 / 16) - PIXELS).max() <= (3 if mode == "JPEG" else 1)


@pytest.mark.parametrize("kind", ["image/png", "", "application/octet-stream"])
def test_a_picture_is_classified(kind: str, model: Model) -> None:
    content = classified(model, PNG, kind)
    # The pixels of the file have 255 steps, so they are not quite those of the sample.
    assert [content[name] for name in CLASSES] == pytest.approx(expected()[0], abs=0.01)


def test_a_picture_is_read_in_a_thread_and_a_few_numbers_are_not() -> None:
    assert rows.is_slow(PNG)
    assert rows.is_slow(b"[" + b" " * rows.SLOW_BODY)
    assert not rows.is_slow(b'{"instances": []}')


def test_an_image_in_json_needs_no_list_around_it(model: Model) -> None:
    content = classified(model, orjson.dumps(ROWS[0]), "")
    assert [content[name] for name in CLASSES] == pytest.approx(expected()[0], abs=1e-6)
    spoilt = [[0, 0, "a", *[0] * 5], *ROWS[0][1:]]
    with pytest.raises(RequestError, match=r"^body\[0\]\[2\]: must be a"):
        classified(model, orjson.dumps(spoilt), "")


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (encoded(Image.new("L", (9, 8))), "must be 8 x 8 pixels, is 9 x 8, and is not"),
        (encoded(Image.new("L", (3000, 3000))), "is 3000 x 3000"),
        (encoded(Image.new("I;16", (8, 8))), "more than 8 bits a channel"),
        (encoded(Image.new("L", (8, 8)), "GIF"), "is not a JPEG, PNG or WebP picture"),
        (b"", "is not a JPEG, PNG or WebP picture"),
        (PNG[:60], "is not a JPEG, PNG or WebP picture"),
    ],
)
def test_what_cannot_be_read_is_refused(
    picture: bytes, message: str, model: Model
) -> None:
    with pytest.raises(RequestError, match=message) as refused:
        classified(model, picture)
    assert (refused.value.status, refused.value.field) == (400, "body")


def test_no_damaged_picture_is_an_error_of_the_server(model: Model) -> None:
    random = np.random.default_rng(0)
    jpeg = encoded(Image.fromarray(PIXELS), "JPEG")
    refused = 0
    for picture in (PNG, jpeg):
        for _ in range(300):
            body = bytearray(picture)
            for place in random.integers(0, len(body), 3):
                body[place] = random.integers(256)
            try:
                read = rows.from_picture(model, bytes(body), "body")
                assert read["images"].shape == (1, 8, 8)
            except RequestError as error:
                assert (error.status, error.__context__) == (400, None)
                refused += 1
    assert refused > 100
