"""What the rows of a request look like, as JSON Schema and by example: tables."""

import math
from datetime import timedelta
from typing import Any

import numpy as np

from .model import Model
from .rows import EPOCH
from .tensors import TEXT, Array, Feeds, Limits, Tensor

ROW = "Row"  # what the document calls the schema of a row
PICTURES = ()  # what may be sent instead of JSON: nothing


def row_schema(model: Model) -> dict[str, Any]:
    """Return the schema of a row: an object with a value for each column."""
    return {
        "type": "object",
        "required": [tensor.name for tensor in model.tensors],
        "additionalProperties": False,
        "properties": {tensor.name: value_schema(tensor) for tensor in model.tensors},
    }


def value_schema(tensor: Tensor) -> dict[str, Any]:
    """Return the schema of a column's values: what it may hold, and an example."""
    limits = tensor.limits
    schema: dict[str, Any] = {"type": "number"}
    if limits.date:
        # JSON Schema cannot say from when to when.
        schema = {"type": "string", "format": "date"}
    elif tensor.dtype == TEXT:
        schema = {"type": "string"}
        if limits.categories is not None:
            schema["enum"] = [*limits.categories, *([None] if limits.nullable else [])]
    else:
        bounds = {"minimum": limits.minimum, "maximum": limits.maximum}
        schema |= {name: each for name, each in bounds.items() if each is not None}
    if limits.nullable:
        schema["type"] = [schema["type"], "null"]
    return schema | {"examples": [value_example(tensor)]}


def value_example(tensor: Tensor) -> Any:
    """Return a value that a column may hold, and that is not unusual."""
    limits = tensor.limits
    if tensor.dtype == TEXT:
        return limits.categories[0] if limits.categories else "text"
    number = typical(limits)
    if limits.date:
        return (EPOCH + timedelta(days=round(number))).date().isoformat()
    return number


def typical(limits: Limits) -> float:
    """Return a number in the middle of what was observed, as far as that is known.

    An inferred range has the width of the observed one as room on either side, so that
    the middle is the same; unless there was no room below zero: then a third of the
    maximum is never far from it.
    """
    low, high = limits.minimum, limits.maximum
    if low is None or high is None:
        return low if low is not None else min(high or 0.0, 0.0)
    if low == high:
        return low
    middle = high / 3 if low == 0 else (low + high) / 2
    # Two digits of the width: nobody has to read more.
    return round(middle, 1 - math.floor(math.log10(high - low)))


def row_example(model: Model) -> dict[str, Any]:
    """Return a row."""
    return {tensor.name: value_example(tensor) for tensor in model.tensors}


def columns_schema(rows: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of all rows at once: for each column, a list of its values.

    Args:
        rows: The schema of a list of rows.
    """
    return {
        "type": "object",
        "description": "For each column of a row, a list of its values.",
        "additionalProperties": {"type": "array", "minItems": 1},
    }


def columns_example(row: Any) -> dict[str, Any]:
    """Return an example's columns, each of one value."""
    return {name: [value] for name, value in row.items()}


def array_example(model: Model, row: Any) -> dict[str, Any]:
    """Return an example as Seldon's `ndarray`, with the names of its columns."""
    return {"names": list(row), "ndarray": [list(row.values())]}


def one_array(feeds: Feeds) -> tuple[tuple[str, ...], Array]:
    """Return the names of the columns, and all values as one array, (n, columns)."""
    return tuple(feeds), np.concatenate(list(feeds.values()), axis=1)
