"""From the images of a request to the tensor of the model, and what they look like.

An image is `height` lists of `width` numbers, or of lists of three, from 0 to
`max_value`, as they are: the graph divides them. Nothing is reshaped, inverted or cut
off; pictures in files are scaled only if those of the training were.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..config import DataError
from ..pictures import read_picture
from .messages import Array, Feeds, RequestError
from .model import Model, Tensor
from .values import flattened, place, require_list, require_names

NAME = "images"
# Bytes: 64 images of MNIST have 180,000, and a thread costs more than to read them.
SLOW_BODY = 262_144


def from_rows(model: Model, rows: Any, field: str, names: Sequence[str] = ()) -> Feeds:
    """Read a list of images.

    Args:
        model: What they are for.
        rows: As parsed, or an array; an image may be alone in an object: `{"images":
            image}`.
        field: Where the list was, for errors.
        names: Of columns; images have none, so it is ignored.
    """
    if not isinstance(rows, np.ndarray):
        found = require_list(rows, field, "images")
        images = [read(model, row, f"{field}[{i}]") for i, row in enumerate(found)]
        rows = np.array(images)
    return checked(model, rows, field)


def from_row(model: Model, row: Any, field: str) -> Feeds:
    """Read one image that is in no list."""
    image = checked(model, read(model, row, field), field)[NAME]
    return {NAME: image[np.newaxis]}


def read(model: Model, row: Any, field: str) -> Array:
    """Turn the lists of one image into an array of its shape."""
    if isinstance(row, dict):
        require_names(row, [NAME], field)
        row, field = row[NAME], f"{field}.{NAME}"
    shape = model.inputs.shape
    return np.array(flattened(row, shape, field), dtype=np.float64).reshape(shape)


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
        raise RequestError(400, "must be numbers, not texts or null", field)
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


def is_slow(body: bytes) -> bool:
    """Whether to read a body in a thread: few bytes of a picture can be 33 Mpixels."""
    return len(body) > SLOW_BODY or body[:1] not in (b"{", b"[")


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
        index = int(np.argmin((images >= 0) & (images <= largest)))
        message = f"must be from 0 to {largest:g}, is {images.flat[index].item()!r}"
        raise RequestError(400, message, place(field, index, images.shape))
    if 0 < brightest <= 1 < largest:
        message = f"send pixels as they are in the file, from 0 to {largest:g}"
        raise RequestError(400, f"no pixel is above 1; {message}, not scaled", field)
    if not images.flags.aligned:  # as bytes after JSON may be
        images = images.copy()
    return {NAME: np.ascontiguousarray(images, np.float32)}


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
