"""What the rows of a request look like, as JSON Schema and by example: images."""

from typing import Any

from .model import Model
from .rows import NAME
from .tensors import Array, Feeds

ROW = "Image"  # what the document calls the schema of a row
PICTURES = ("image/png", "image/jpeg")  # what may be sent instead of JSON


def row_schema(model: Model) -> dict[str, Any]:
    """Return the schema of an image."""
    height, width = model.inputs.height, model.inputs.width
    largest = model.inputs.max_value
    line = {
        "type": "array",
        "minItems": width,
        "maxItems": width,
        "items": {"type": "number", "minimum": 0, "maximum": largest},
    }
    return {
        "type": "array",
        "description": (
            f"{height} lines of {width} pixels, from the top and from the left; "
            f"0 is the background, {largest:g} the full brightness."
        ),
        "minItems": height,
        "maxItems": height,
        "items": line,
    }


def row_example(model: Model) -> list[list[float]]:
    """Return an image: an upright line, which is the digit 1 where digits are meant."""
    height, width = model.inputs.height, model.inputs.width
    margin = height // 8
    blank = [0.0] * width
    middle = range(width * 3 // 8, width - width * 3 // 8)
    stroke = [model.inputs.max_value if x in middle else 0.0 for x in range(width)]
    return [
        list(stroke) if margin <= y < height - margin else list(blank)
        for y in range(height)
    ]


def columns_schema(rows: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of all rows at once, tensor by tensor.

    Args:
        rows: The schema of a list of rows.
    """
    return {
        "type": "object",
        "required": [NAME],
        "additionalProperties": False,
        "properties": {NAME: rows},
    }


def columns_example(row: Any) -> dict[str, Any]:
    """Return an example's only tensor by name."""
    return {NAME: [row]}


def array_example(model: Model, row: Any) -> dict[str, Any]:
    """Return an example as Seldon's `ndarray`; images need no names."""
    return {"ndarray": [row]}


def one_array(feeds: Feeds) -> tuple[tuple[str, ...], Array]:
    """Return the names of columns, here none, and all values as one array."""
    return (), feeds[NAME]
