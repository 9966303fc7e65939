"""From the images of a request to the tensor of the model, and what they look like.

An image is `height` lists of `width` numbers, from 0 to `max_value`, as they are: the
graph divides them. Nothing is resized, reshaped, inverted or cut off.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import simdjson
from PIL import Image

from .messages import Array, Feeds, RequestError
from .model import Model, Tensor
from .values import GIVES_UP, require_list, require_names, require_shape

NAME = "images"
ROW = "Image"  # what the OpenAPI document calls the schema of a row
# Pillow's modes of 8 bits or less: truth values, grey, palette, colour; each also with
# an opacity, which is ignored. Of more bits, `convert` would cut the bright ones off.
MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}
# What Pillow raises for files that are cut off or damaged, or would be huge.
DAMAGED = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)


def quick(model: Model, body: bytes, *keys: str) -> Feeds | None:
    """Read a body that holds nothing but images, and make no object of any number.

    Args:
        model: What they are for.
        body: JSON: objects of one key each, in them the list of images.
        *keys: The keys that lead to the list; none if it is the whole document.

    Returns:
        The feeds; None if anything is unusual: then the exact way says what.
    """
    # A byte order mark is refused by orjson, and skipped by simdjson.
    if body[:1] not in (b"{", b"["):
        return None
    height, width = model.inputs.height, model.inputs.width
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
    """Turn the lists of one image into an array, (height, width), and check it."""
    if isinstance(row, dict):
        require_names(row, [NAME], field)
        row, field = row[NAME], f"{field}.{NAME}"
    require_shape(row, (model.inputs.height, model.inputs.width), field)
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
    height, width = model.inputs.height, model.inputs.width
    if images.shape[1:] != (height, width):
        expected, given = f"[n, {height}, {width}]", list(images.shape)
        raise RequestError(400, f"must be of shape {expected}, is {given}", field)
    if images.dtype == object:
        raise RequestError(400, "must be numbers, is texts", field)
    return checked(model, images, field)


def asked(tensor: Tensor) -> np.dtype[Any]:
    """Return the type that requests have for a tensor: the graph's."""
    return tensor.dtype


def from_picture(model: Model, picture: bytes, field: str) -> Feeds:
    """Read a PNG or JPEG file: black is 0, white `max_value`; brightness counts."""
    inputs = model.inputs
    # Pillow's own words name objects of this process.
    problem = "is not a PNG or JPEG picture that can be read"
    try:
        with Image.open(io.BytesIO(picture), formats=("PNG", "JPEG")) as image:
            # The size is in the header: a huge picture is never unpacked.
            if image.size != (inputs.width, inputs.height):
                wanted, given = f"{inputs.width} x {inputs.height}", image.size
                problem = "must be {} pixels, is {} x {}, and is not resized"
                problem = problem.format(wanted, *given)
            elif image.mode not in MODES:
                problem = f"must have 8 bits a channel, is of mode {image.mode}"
            else:
                pixels = np.asarray(image.convert("L"), dtype=np.float32)
                return {NAME: pixels[np.newaxis] * np.float32(inputs.max_value / 255)}
    except DAMAGED as error:
        problem = f"{problem} ({type(error).__name__})"
    raise RequestError(400, problem, field)


def is_one(model: Model, value: Any) -> bool:
    """Whether a value is one image, lists of numbers, and not a list of images."""
    first = value[0] if isinstance(value, list) and value else None
    return isinstance(first, list) and bool(first) and not isinstance(first[0], list)


def checked(model: Model, images: Array, field: str) -> Feeds:
    """Return images as the graph takes them, copied only if they are not yet."""
    largest, brightest = model.inputs.max_value, images.max()
    # Comparing the extremes makes no array of truth values.
    if not (images.min() >= 0 and brightest <= largest):  # so it is for NaN
        require_range(model, images, field)
    if 0 < brightest <= 1 < largest:
        message = f"send pixels as they are in the file, from 0 to {largest:g}"
        raise RequestError(400, f"no pixel is above 1; {message}, not scaled", field)
    return {NAME: np.require(images, np.float32, ["C", "A"])}


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
    height, width = model.inputs.height, model.inputs.width
    largest = model.inputs.max_value
    pixel = {"type": "number", "minimum": 0, "maximum": largest}
    line = {"type": "array", "minItems": width, "maxItems": width, "items": pixel}
    return {
        "type": "array",
        "description": (
            f"{height} lines of {width} pixels, from the top and from the left, as "
            f"they are in a file: 0 is the background, {largest:g} the full brightness."
        ),
        "minItems": height,
        "maxItems": height,
        "items": line,
    }


def row_example(model: Model) -> list[list[float]]:
    """Return an image: an upright line, which is the digit 1 where digits are meant."""
    height, width = model.inputs.height, model.inputs.width
    image = np.zeros((height, width))
    top, left = height // 8, width * 3 // 8
    image[top : height - top, left : width - left] = model.inputs.max_value
    lines: list[list[float]] = image.tolist()
    return lines
