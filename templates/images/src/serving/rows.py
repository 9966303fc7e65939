"""From the images of a request to the tensor of the model.

An image is `height` lists of `width` numbers, from 0 to `max_value`, as they are: the
graph divides them. Nothing is resized, reshaped, inverted or cut off.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import simdjson

from .messages import RequestError
from .model import Model
from .parsing import GIVES_UP, lists_opened
from .pictures import read_picture
from .tensors import Array, Feeds, Floats
from .values import (
    converted,
    numbers,
    require_all,
    require_list,
    require_names,
)

NAME = "images"


def quick(model: Model, body: bytes, *keys: str) -> Feeds | None:
    """Read a body that holds nothing but images, as fast as can be.

    Args:
        model: What they are for.
        body: JSON.
        *keys: Where the list of images is: its key, after those of the objects around.

    Returns:
        The feeds; None if anything is unusual: then `from_rows` says what.
    """
    images = quick_images(body, keys, model.inputs.height, model.inputs.width)
    # Comparing the extremes makes no array of truth values; NaN cannot come by JSON.
    if images is None or images.min() < 0 or images.max() > model.inputs.max_value:
        return None
    return {NAME: images.astype(np.float32)}


def quick_images(
    body: bytes, keys: tuple[str, ...], height: int, width: int
) -> Floats | None:
    """Read a document that is nothing but a list of images, in the quick way.

    Args:
        body: JSON: objects of one key each, in them a list of lists of lists.
        keys: The keys that lead to the list; none if it is the whole document.
        height: How many lists an image has.
        width: How many numbers each of these has.

    Returns:
        The images, (n, height, width) with n > 0; None if the exact way has to look.
    """
    # A byte order mark is refused by orjson, and skipped by simdjson.
    if body[:1] not in (b"{", b"["):
        return None
    try:
        found: Any = simdjson.Parser().parse(body)
        for key in keys:
            if len(found) != 1:
                return None
            found = found[key]
        if not isinstance(found, simdjson.Array) or not len(found):
            return None
        images: Any = found  # the type that comes with simdjson knows no numbers
        # `as_buffer` makes one flat list of lists of any depth, so the number of lists
        # is counted too. A "[" in a text makes it larger, and the exact way is taken.
        if lists_opened(body) != 1 + len(images) * (1 + height):
            return None
        widths = [width] * height
        if any(list(map(len, image)) != widths for image in images):
            return None
        return np.frombuffer(images.as_buffer(of_type="d")).reshape(-1, height, width)
    except GIVES_UP:
        return None


def from_rows(model: Model, rows: Any, field: str, names: Sequence[str] = ()) -> Feeds:
    """Read a list of images.

    Args:
        model: What they are for.
        rows: As parsed; an image may be alone in an object: `{"images": image}`.
        field: Where the list was.
        names: Of columns; images have none, so it is ignored.

    Raises:
        RequestError: 400 if an image is not of the right size, or a value of it is no
            number or out of range.
    """
    images = [
        read_image(model, row, f"{field}[{index}]")
        for index, row in enumerate(require_list(rows, field, "images"))
    ]
    return {NAME: np.array(images, dtype=np.float32)}


def from_row(model: Model, row: Any, field: str) -> Feeds:
    """Read one image that is in no list.

    Raises:
        RequestError: 400, as `from_rows`.
    """
    return {NAME: read_image(model, row, field)[np.newaxis].astype(np.float32)}


def read_image(model: Model, row: Any, field: str) -> Floats:
    """Turn the lists of one image into an array, (height, width), and check it."""
    if isinstance(row, dict):
        require_names(row, [NAME], field)
        row, field = row[NAME], f"{field}.{NAME}"
    image = numbers(row, (model.inputs.height, model.inputs.width), field)
    require_range(model, image, field)
    return image


def from_columns(model: Model, columns: Any, field: str) -> Feeds:
    """Read the tensor `images`, alone or in an object by its name.

    Raises:
        RequestError: 400, as `from_rows`.
    """
    if isinstance(columns, dict):
        require_names(columns, [NAME], field)
        columns, field = columns[NAME], f"{field}.{NAME}"
    return from_rows(model, columns, field)


def from_tensors(
    model: Model, tensors: Mapping[str, Array], fields: Mapping[str, str]
) -> Feeds:
    """Read tensors by name.

    Args:
        model: What they are for.
        tensors: Of any type and shape.
        fields: Where each one was.

    Raises:
        RequestError: 400, as `from_rows`; also if a tensor is missing or unknown.
    """
    require_names(tensors, [NAME], "inputs")
    return from_array(model, tensors[NAME], fields[NAME])


def from_array(
    model: Model, images: Array, field: str, names: Sequence[str] = ()
) -> Feeds:
    """Read one array of everything: the images, (n, height, width).

    Args:
        model: What they are for.
        images: Of any type and shape.
        field: Where the array was.
        names: Of columns; images have none, so it is ignored.

    Raises:
        RequestError: 400, as `from_rows`.
    """
    (tensor,) = model.tensors
    if images.shape[1:] != tensor.shape[1:] or not images.size:
        expected = f"[n, {model.inputs.height}, {model.inputs.width}] with n > 0"
        given = list(images.shape)
        raise RequestError(400, f"must be of shape {expected}, is {given}", field)
    result = converted(images, tensor.dtype, field)
    require_range(model, result, field)
    return {NAME: result}


def from_picture(model: Model, picture: bytes, field: str) -> Feeds:
    """Read a PNG or JPEG file; of a colour, its brightness counts.

    Args:
        model: What it is for; its `max_value` is what white becomes, black is 0.
        picture: The file.
        field: Where it was.

    Raises:
        RequestError: 400 if it cannot be read, or is not of the model's size.
    """
    size = (model.inputs.width, model.inputs.height)
    pixels = read_picture(picture, size, field)
    scaled = pixels * (model.inputs.max_value / np.iinfo(np.uint8).max)
    return {NAME: scaled[np.newaxis].astype(np.float32)}


def is_one(model: Model, value: Any) -> bool:
    """Whether a value without any name around it is one image, and not a list of them.

    An image is a list of lists of numbers; a list of images is one level deeper.
    """
    first = value[0] if isinstance(value, list) and value else None
    return isinstance(first, list) and bool(first) and not isinstance(first[0], list)


def output_names(model: Model) -> tuple[str, ...]:
    """Return what the numbers of an answer are called."""
    return model.classes


def require_range(model: Model, images: Array, field: str) -> None:
    """Refuse a value that no pixel can have.

    Raises:
        RequestError: 400; names the value.
    """
    largest = model.inputs.max_value
    good = (images >= 0) & (images <= largest)  # false for NaN
    require_all(good, images, f"from 0 to {largest:g}", field)
