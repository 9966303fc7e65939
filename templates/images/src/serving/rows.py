"""From the images of a request to the tensor of the model, and what they look like.

An image is `height` lists of `width` numbers, or of lists of three, from 0 to
`max_value`, as they are: the graph divides them. Nothing is reshaped, inverted or cut
off; pictures in files are scaled only if those of the training were.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import simdjson

from ..config import DataError
from ..pictures import read_picture
from .messages import Array, Feeds, RequestError
from .model import Model, Tensor
from .values import GIVES_UP, require_list, require_names, require_shape

NAME = "images"


def quick(model: Model, body: bytes, *keys: str) -> Feeds | None:
    """Read a body that holds nothing but images, and make no object of any number.

    Args:
        model: What they are for.
        body: JSON: objects of one key each, in them the list of images.
        *keys: The keys that lead to the list; none if it is the whole document.

    Returns:
        The feeds; None if anything is unusual: then the exact way says what.
    """
    height, width = model.inputs.height, model.inputs.width
    # A byte order mark is refused by orjson, and skipped by simdjson. Of colours, there
    # is a list for each pixel, whose lengths would take as long to compare.
    if body[:1] not in (b"{", b"[") or model.inputs.colours:
        return None
    try:
        found: Any = simdjson.Parser().parse(body)
        for key in keys:
            if len(found) != 1:
                return None
            found = found[key]
        # `as_buffer` makes one flat list of lists of any depth, so the number of lists
        # is counted too. A "[" in a text makes it larger, and the exact way is taken.
        # (`bytes.count` takes three to nine times as long.)
        lists = len(body) - len(body.replace(b"[", b""))
        if lists != 1 + len(found) * (1 + height):
            return None
        widths = [width] * height
        if any(list(map(len, image)) != widths for image in found):
            return None
        images = np.frombuffer(found.as_buffer(of_type="d"))
        return checked(model, images.reshape(-1, height, width), "")
    except (*GIVES_UP, RequestError):
        return None


def from_rows(model: Model, rows: Any, field: str, names: Sequence[str] = ()) -> Feeds:
    """Read a list of images.

    Args:
        model: What they are for.
        rows: As parsed; an image may be alone in an object: `{"images": image}`.
        field: Where the list was, for errors.
        names: Of columns; images have none, so it is ignored.
    """
    found = require_list(rows, field, "images")
    images = [read(model, row, f"{field}[{i}]") for i, row in enumerate(found)]
    return checked(model, np.array(images), field)


def from_row(model: Model, row: Any, field: str) -> Feeds:
    """Read one image that is in no list."""
    return checked(model, read(model, row, field)[np.newaxis], field)


def read(model: Model, row: Any, field: str) -> Array:
    """Turn the lists of one image into an array of its shape, and check it."""
    if isinstance(row, dict):
        require_names(row, [NAME], field)
        row, field = row[NAME], f"{field}.{NAME}"
    require_shape(row, model.inputs.shape, field)
    image = np.array(row, dtype=np.float64)
    require_range(model, image, field)
    return image


def from_columns(model: Model, columns: Any, field: str) -> Feeds:
    """Read a list of images, alone or by the name of the tensor."""
    if isinstance(columns, dict):
        require_names(columns, [NAME], field)
        columns, field = columns[NAME], f"{field}.{NAME}"
    return from_rows(model, columns, field)


def from_tensors(
    model: Model, tensors: Mapping[str, Array], fields: Mapping[str, str]
) -> Feeds:
    """Read tensors by name, of any type; `fields` says where each one was."""
    require_names(tensors, [NAME], "inputs")
    images, field = tensors[NAME], fields[NAME]
    if images.shape[1:] != model.inputs.shape:
        expected, given = ", ".join(map(str, model.inputs.shape)), list(images.shape)
        raise RequestError(400, f"must be of shape [n, {expected}], is {given}", field)
    if images.dtype == object:
        raise RequestError(400, "must be numbers, is texts", field)
    return checked(model, images, field)


def asked(tensor: Tensor) -> np.dtype[Any]:
    """Return the type that requests have for a tensor: the graph's."""
    return tensor.dtype


def from_picture(model: Model, picture: bytes, field: str) -> Feeds:
    """Read a JPEG, PNG or WebP file: black is 0, white `max_value`."""
    inputs = model.inputs
    try:
        pixels = read_picture(io.BytesIO(picture), inputs.shape, inputs.scaled)
    except DataError as error:
        problem = str(error)
    else:
        return {NAME: np.float32(inputs.max_value / 255) * pixels[np.newaxis]}
    raise RequestError(400, problem, field)


def is_one(model: Model, value: Any) -> bool:
    """Whether a value is lists as deep as one image, and not a list of images."""
    depth = 0
    while isinstance(value, list) and value:
        value, depth = value[0], depth + 1
    return depth == len(model.inputs.shape)


def checked(model: Model, images: Array, field: str) -> Feeds:
    """Return images as the graph takes them, copied only if they are not yet."""
    largest, brightest = model.inputs.max_value, images.max()
    # Comparing the extremes makes no array of truth values.
    if not (images.min() >= 0 and brightest <= largest):  # so it is for NaN
        require_range(model, images, field)
    if 0 < brightest <= 1 < largest:
        message = f"send pixels as they are in the file, from 0 to {largest:g}"
        raise RequestError(400, f"no pixel is above 1; {message}, not scaled", field)
    if not images.flags.aligned:  # as bytes after JSON may be
        images = images.copy()
    return {NAME: np.ascontiguousarray(images, np.float32)}


def require_range(model: Model, images: Array, field: str) -> None:
    """Refuse a value that no pixel can have, and name it."""
    largest = model.inputs.max_value
    good = (images >= 0) & (images <= largest)  # false for NaN
    for place in np.argwhere(~good)[:1].tolist():
        where = field + "".join(f"[{index}]" for index in place)
        message = f"must be from 0 to {largest:g}, is {images[*place].item()!r}"
        raise RequestError(400, message, where)


def output_names(model: Model) -> tuple[str, ...]:
    """Return what the numbers of an answer are called."""
    return model.classes


def row_schema(model: Model) -> dict[str, Any]:
    """Return the schema of an image."""
    largest, shape = model.inputs.max_value, model.inputs.shape
    schema: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": largest}
    for size in reversed(shape):
        schema = {"type": "array", "minItems": size, "maxItems": size, "items": schema}
    pixels = "pixels" if len(shape) == 2 else "pixels of red, green and blue"
    schema["description"] = (
        f"{shape[0]} lines of {shape[1]} {pixels}, from the top and from the left, as "
        f"they are in a file: 0 is dark, {largest:g} the full brightness."
    )
    return schema


def row_example(model: Model) -> list[Any]:
    """Return an image: an upright line, which is the digit 1 where digits are meant."""
    height, width, *_ = model.inputs.shape
    image = np.zeros(model.inputs.shape)
    top, left = height // 8, width * 3 // 8
    image[top : height - top, left : width - left] = model.inputs.max_value
    lines: list[Any] = image.tolist()
    return lines
