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
from .model import Model
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
        The feeds; None if anything is unusual: then `from_rows` says what.
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
        field: Where the list was.
        names: Of columns; images have none, so it is ignored.

    Raises:
        RequestError: 400 if an image is not of the right size, or a value of it is no
            number or out of range.
    """
    found = require_list(rows, field, "images")
    images = [read(model, row, f"{field}[{i}]") for i, row in enumerate(found)]
    return checked(model, np.array(images), field)


def from_row(model: Model, row: Any, field: str) -> Feeds:
    """Read one image that is in no list; raise as `from_rows` does."""
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
    """Read the tensor `images`, alone or by its name; raise as `from_rows` does."""
    if isinstance(columns, dict):
        require_names(columns, [NAME], field)
        columns, field = columns[NAME], f"{field}.{NAME}"
    return from_rows(model, columns, field)


def from_tensors(
    model: Model, tensors: Mapping[str, Array], fields: Mapping[str, str]
) -> Feeds:
    """Read tensors of any type and shape by name.

    Args:
        model: What they are for.
        tensors: By name.
        fields: Where each one was.

    Raises:
        RequestError: 400, as `from_rows`; also if a tensor is missing or unknown.
    """
    require_names(tensors, [NAME], "inputs")
    return from_array(model, tensors[NAME], fields[NAME])


def from_array(
    model: Model, images: Array, field: str, names: Sequence[str] = ()
) -> Feeds:
    """Read one array of any type and shape; raise as `from_rows` does."""
    height, width = model.inputs.height, model.inputs.width
    if images.shape[1:] != (height, width) or not images.size:
        expected, given = f"[n, {height}, {width}] with n > 0", list(images.shape)
        raise RequestError(400, f"must be of shape {expected}, is {given}", field)
    if images.dtype == object:
        raise RequestError(400, "must be numbers, is texts", field)
    return checked(model, images, field)


def from_picture(model: Model, picture: bytes, field: str) -> Feeds:
    """Read a PNG or JPEG file; of a colour, its brightness counts.

    Args:
        model: What it is for; its `max_value` is what white becomes, black is 0.
        picture: The file.
        field: Where it was.

    Raises:
        RequestError: 400 if it cannot be read, or is not of the model's size.
    """
    inputs = model.inputs
    # Pillow's own words name objects of this process.
    problem = "is not a PNG or JPEG picture that can be read"
    try:
        with Image.open(io.BytesIO(picture), formats=("PNG", "JPEG")) as image:
            # The size is in the header: a huge picture is never unpacked.
            (width, height), mode = image.size, image.mode
            if (width, height) != (inputs.width, inputs.height):
                problem = (
                    f"must be {inputs.width} x {inputs.height} pixels, is {width} x "
                    f"{height}; it is not resized"
                )
            elif mode not in MODES:
                problem = f"must have 8 bits a channel, is of mode {mode}"
            else:
                pixels = np.asarray(image.convert("L"), dtype=np.float32)
                return {NAME: pixels[np.newaxis] * np.float32(inputs.max_value / 255)}
    except DAMAGED as error:
        problem = f"{problem} ({type(error).__name__})"
    raise RequestError(400, problem, field)


def is_one(model: Model, value: Any) -> bool:
    """Whether a value without any name around it is one image, and not a list of them.

    An image is a list of lists of numbers; a list of images is one level deeper.
    """
    first = value[0] if isinstance(value, list) and value else None
    return isinstance(first, list) and bool(first) and not isinstance(first[0], list)


def checked(model: Model, images: Array, field: str) -> Feeds:
    """Return images as the graph takes them, copied only if they are not yet.

    Raises:
        RequestError: 400 if a value is out of range, or they all look scaled to 0..1.
    """
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
