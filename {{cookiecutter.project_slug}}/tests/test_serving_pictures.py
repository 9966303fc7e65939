"""Pictures in requests: PNG and JPEG, grey or not, never resized."""

import io
from typing import Any

import numpy as np
import orjson
import pytest
from PIL import Image

from {{ cookiecutter.package_name }}.serving import messages
from {{ cookiecutter.package_name }}.serving.pictures import read_picture
from {{ cookiecutter.package_name }}.serving.protocols import torchserve

from gates import OneModel
from graphs import CLASSES, ROWS, TENSORS, expected

PIXELS = (TENSORS["images"][0] * 255 / 16).round().astype(np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """Return an image as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


PNG = encoded(Image.fromarray(PIXELS))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> OneModel:
    """A model that is loaded once."""
    return OneModel(tmp_path_factory.mktemp("models"))


def send(models: OneModel, body: bytes, kind: str) -> messages.Reply:
    """Have a picture classified."""
    headers = {"content-type": kind} if kind else {}
    request = messages.Request({"name": "model"}, headers, body)
    return torchserve.model_predict(models, request)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P"])
def test_the_brightness_of_every_pixel_is_kept(mode: str) -> None:
    picture = encoded(Image.fromarray(PIXELS).convert(mode))
    read = read_picture(picture, (8, 8), "body")
    assert read.dtype == np.uint8
    assert np.abs(read.astype(int) - PIXELS).max() <= 1


def test_a_jpeg_is_read_too() -> None:
    picture = encoded(Image.fromarray(PIXELS), "JPEG", quality=100)
    read = read_picture(picture, (8, 8), "body")
    assert np.abs(read.astype(int) - PIXELS).max() <= 3


@pytest.mark.parametrize("kind", ["image/png", "", "application/octet-stream"])
def test_a_picture_is_classified(kind: str, models: OneModel) -> None:
    reply = send(models, PNG, kind)
    content = orjson.loads(reply.body)
    # The pixels of the file have 255 steps, so they are not quite those of the sample.
    assert [content[name] for name in CLASSES] == pytest.approx(expected()[0], abs=0.01)
    assert reply.rows == 1


def test_an_image_in_json_needs_no_list_around_it(models: OneModel) -> None:
    content = orjson.loads(send(models, orjson.dumps(ROWS[0]), "").body)
    assert [content[name] for name in CLASSES] == pytest.approx(expected()[0], abs=1e-6)
    spoilt = [[0, 0, "a", *[0] * 5], *ROWS[0][1:]]
    with pytest.raises(messages.RequestError, match=r"^body\[0\]\[2\]: must be a"):
        send(models, orjson.dumps(spoilt), "")


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (encoded(Image.new("L", (9, 8))), "must be 8 x 8 pixels, is 9 x 8; it is not"),
        (encoded(Image.new("L", (3000, 3000))), "is 3000 x 3000"),
        (encoded(Image.new("I;16", (8, 8))), "8 bits a channel, is of mode I;16"),
        (encoded(Image.new("L", (8, 8)), "GIF"), "is not a PNG or JPEG picture"),
        (b"", "is not a PNG or JPEG picture"),
        (PNG[:60], "is not a PNG or JPEG picture"),
    ],
)
def test_what_cannot_be_read_is_refused(
    picture: bytes, message: str, models: OneModel
) -> None:
    with pytest.raises(messages.RequestError, match=message) as refused:
        send(models, picture, "image/png")
    assert (refused.value.status, refused.value.field) == (400, "body")


def test_no_damaged_picture_is_an_error_of_the_server() -> None:
    random = np.random.default_rng(0)
    jpeg = encoded(Image.fromarray(PIXELS), "JPEG")
    refused = 0
    for picture in (PNG, jpeg):
        for _ in range(300):
            body = bytearray(picture)
            for place in random.integers(0, len(body), 3):
                body[place] = random.integers(256)
            try:
                assert read_picture(bytes(body), (8, 8), "body").shape == (8, 8)
            except messages.RequestError as error:
                assert error.status == 400
                refused += 1
    assert refused > 100
