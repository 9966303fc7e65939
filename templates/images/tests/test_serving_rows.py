"""Images in requests: taken as they are; the very value that is wrong is named."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import orjson
import pytest

from {{ cookiecutter.package_name }}.serving import messages, rows
from {{ cookiecutter.package_name }}.serving.model import Model

from gates import OneModel
from graphs import ROWS, TENSORS


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model of 8x8 images, 0 to 16."""
    return OneModel(tmp_path_factory.mktemp("models")).model


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
    quick = rows.quick(model, orjson.dumps({"instances": ROWS}), "instances")
    assert quick is not None and same(quick)
    one = rows.from_row(model, ROWS[0], "body")
    assert np.array_equal(one["images"], TENSORS["images"][:1])


@pytest.mark.parametrize(
    "dtype", ["u1", "i1", "u2", "i4", "u8", "i8", "f2", "f4", "f8", ">f4"]
)
def test_tensors_of_any_number_are_read(dtype: str, model: Model) -> None:
    given = TENSORS["images"].astype(dtype)
    assert same(rows.from_tensors(model, {"images": given}, {"images": "inputs[0]"}))


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
    with pytest.raises(messages.RequestError) as refused:
        rows.from_rows(model, images, "x")
    assert str(refused.value).startswith(message)
    assert rows.quick(model, orjson.dumps({"x": images}), "x") is None


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 64), np.float32), "x: must be of shape [n, 8, 8] with n > 0, is"),
        (np.zeros((0, 8, 8), np.float32), "x: must be of shape [n, 8, 8] with n > 0"),
        (np.full((1, 8, 8), np.nan), "x[0][0][0]: must be from 0 to 16, is nan"),
        (np.full((1, 8, 8), np.inf), "x[0][0][0]: must be from 0 to 16, is inf"),
        (np.full((1, 8, 8), 1e300), "x[0][0][0]: must be a number that fits in float3"),
        (np.full((1, 8, 8), 2**24 + 1), "x[0][0][0]: must be a number that fits in fl"),
        (np.full((1, 8, 8), "1", dtype=object), "x: must be numbers, is texts"),
    ],
)
def test_the_wrong_value_of_a_tensor_is_named(
    array: Any, message: str, model: Model
) -> None:
    with pytest.raises(messages.RequestError) as refused:
        rows.from_tensors(model, {"images": array}, {"images": "x"})
    assert str(refused.value).startswith(message)


def test_other_tensors_are_refused(model: Model) -> None:
    with pytest.raises(messages.RequestError, match="inputs: unknown: 'image'"):
        rows.from_tensors(model, {"image": np.zeros(1)}, {"image": "inputs[0]"})


def test_one_image_is_told_from_a_list_of_them(model: Model) -> None:
    assert rows.is_one(model, ROWS[0])
    assert not rows.is_one(model, ROWS)
    others: list[Any] = [[], [1], [[]], {}, None]
    assert not any(rows.is_one(model, value) for value in others)


def test_quick_and_exact_reading_agree(model: Model) -> None:
    """What the quick way takes, the exact way takes too, and reads the same."""
    whole = orjson.dumps({"instances": ROWS})
    random = np.random.default_rng(0)
    taken = 0
    for _ in range(2000):
        body = bytearray(whole)
        for place in random.integers(0, len(body), random.integers(1, 5)):
            body[place] = random.choice(list(b"[],,000123.e- "))
        quick = rows.quick(model, bytes(body), "instances")
        if quick is not None:
            document = orjson.loads(bytes(body))
            exact = rows.from_rows(model, document["instances"], "instances")
            assert np.array_equal(quick["images"], exact["images"])
            taken += 1
    assert taken > 20
