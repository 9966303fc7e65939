"""From the rows of a request to the tensors of the model, and what rows look like.

A row is an object, a value for each column by its name, or a list of the values in the
model's order; null is a missing one. A number is a JSON number, a category a text, a
date a text too (ISO 8601) or days since 1970. What the schema forbids is refused, as it
is for the rows of a file.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

import numpy as np

from ..adapter import EPOCH, MISSING, to_days
from .messages import TEXT, Array, Feeds, RequestError
from .model import Model, Tensor
from .values import NUMBER, kind_of, listed, require_list, require_names

Where: TypeAlias = Callable[[int, str], str]  # names the value of a row and a column

ROW = "Row"  # what the OpenAPI document calls the schema of a row
LARGEST = float(np.finfo(np.float32).max)  # what a graph can be given
NUMBER_OR_NULL = {*NUMBER[0], type(None)}
TEXT_OR_NULL = {str, type(None)}


def quick(model: Model, body: bytes, *keys: str) -> Feeds | None:
    """Return None: of rows with names, parsing them is the smaller part."""
    return None


def from_rows(model: Model, rows: Any, field: str, names: Sequence[str] = ()) -> Feeds:
    """Read a list of rows.

    Args:
        model: What they are for.
        rows: As parsed: objects, or lists.
        field: Where the list was, for errors.
        names: What the values of a list are, if not the columns in the model's order.
    """
    found = require_list(rows, field)
    return read(model, found, lambda index: f"{field}[{index}]", names)


def from_row(model: Model, row: Any, field: str) -> Feeds:
    """Read one row that is in no list."""
    return read(model, [row], lambda index: field)


def read(
    model: Model,
    rows: Sequence[Any],
    where: Callable[[int], str],
    names: Sequence[str] = (),
) -> Feeds:
    """Turn rows into tensors."""
    columns = [tensor.name for tensor in model.tensors]
    if names:
        require_names(names, columns, "names")
    order = names or columns
    known = set(columns)
    named = []
    for index, row in enumerate(rows):
        if isinstance(row, list):
            if len(row) != len(order):
                message = f"must have {len(order)} values, has {len(row)}"
                raise RequestError(400, message, where(index))
            row = dict(zip(order, row))
        elif not isinstance(row, dict):
            message = "must be an object or a list with a value for each column, is"
            raise RequestError(400, f"{message} {kind_of(row)}", where(index))
        elif row.keys() != known:
            require_names(row, columns, where(index))
        named.append(row)
    values = {name: [row[name] for row in named] for name in columns}
    return checked(model, values, lambda index, name: f"{where(index)}.{name}")


def from_columns(model: Model, columns: Any, field: str) -> Feeds:
    """Read an object with a list for each column; or rows."""
    if isinstance(columns, list):
        return from_rows(model, columns, field)
    if not isinstance(columns, dict):
        wanted = "an object with a list for each column"
        raise RequestError(400, f"must be {wanted}, is {kind_of(columns)}", field)
    fields = {name: f"{field}.{name}" for name in columns}
    return read_columns(model, columns, fields, field)


def from_tensors(
    model: Model, tensors: Mapping[str, Array], fields: Mapping[str, str]
) -> Feeds:
    """Read a tensor for each column, (n, 1) or (n,); NaN is a missing number."""
    columns = {
        name: (values[:, 0] if values.shape[1:] == (1,) else values).tolist()
        for name, values in tensors.items()
    }
    return read_columns(model, columns, fields, "inputs")


def read_columns(
    model: Model, columns: Mapping[str, Any], fields: Mapping[str, str], field: str
) -> Feeds:
    """Turn columns into tensors."""
    require_names(columns, [tensor.name for tensor in model.tensors], field)
    rows = 0
    for name, field in fields.items():
        values = require_list(columns[name], field, "values")
        rows = rows or len(values)
        if len(values) != rows:
            message = f"must have {rows} values as the others, has {len(values)}"
            raise RequestError(400, message, field)
    return checked(model, columns, lambda index, name: f"{fields[name]}[{index}]")


def plain(model: Model, tensor: Tensor, values: list[Any], where: Where) -> list[Any]:
    """Return numbers or texts; each may be alone in a list, a date may be a text."""
    text = tensor.dtype.kind == "O"
    allowed, missing = TEXT_OR_NULL if text else NUMBER_OR_NULL, model.inputs.missing
    if set(map(type, values)) <= allowed and missing.isdisjoint(values):
        return values
    result = []
    for index, value in enumerate(values):
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, list | dict) and value in missing:
            value = None
        if tensor.limits.date and isinstance(value, str):
            value = days(value, model.inputs.date_format, where(index, tensor.name))
        if type(value) not in allowed:
            message = f"must be {'a text' if text else 'a number'}, is {kind_of(value)}"
            raise RequestError(400, message, where(index, tensor.name))
        result.append(value)
    return result


def days(text: str, date_format: str | None, field: str) -> float:
    """Return a date as days since 1970; see `to_days`."""
    found = to_days(text, date_format)
    if math.isnan(found):
        message = f"must be a date like 2024-12-31, is {text!r:.60}"
        raise RequestError(400, message, field)
    return found


def checked(model: Model, columns: Mapping[str, list[Any]], where: Where) -> Feeds:
    """Turn parsed columns into tensors (n, 1), all numbers checked at once."""
    feeds = {}
    numeric, given = [], []
    for tensor in model.tensors:
        values = plain(model, tensor, columns[tensor.name], where)
        if tensor.dtype.kind == "O":
            feeds[tensor.name] = texts(tensor, values, where)
        else:
            numeric.append(tensor)
            given.append(values)
    limits = [tensor.limits for tensor in numeric]
    # None becomes NaN, which `fmax` and `fmin` ignore.
    table = np.array(given, dtype=np.float64)
    low = np.fmax(np.array([[each.minimum] for each in limits], float), -LARGEST)
    high = np.fmin(np.array([[each.maximum] for each in limits], float), LARGEST)
    good = (table >= low) & (table <= high)
    if not good.all():
        nullable = np.array([[each.nullable] for each in limits])
        bad = ~(good | np.isnan(table) & nullable)
        for column, row in np.argwhere(bad)[:1].tolist():
            message, value = "must not be missing", table[column, row].item()
            if not math.isnan(value):
                bounds = f"{low[column, 0]:g} to {high[column, 0]:g}"
                message = f"must be from {bounds}, is {value!r}"
            raise RequestError(400, message, where(row, numeric[column].name))
    for tensor, numbers in zip(numeric, table[..., np.newaxis]):
        feeds[tensor.name] = numbers.astype(tensor.dtype)
    return feeds


def texts(tensor: Tensor, values: Sequence[str | None], where: Where) -> Array:
    """Return texts as a tensor (n, 1), a missing one as the graph has it."""
    limits = tensor.limits
    given = [MISSING if value is None else value for value in values]
    for text in dict.fromkeys(given):
        problem = ""
        if text == MISSING:
            problem = "" if limits.nullable else "must not be missing"
        elif limits.categories is not None and text not in limits.categories:
            problem = f"must be one of {listed(limits.categories)}, is {text!r:.60}"
        if problem:
            raise RequestError(400, problem, where(given.index(text), tensor.name))
    return np.array(given, dtype=TEXT).reshape(-1, 1)


def from_picture(model: Model, picture: bytes, field: str) -> Feeds:
    """Refuse a picture."""
    raise RequestError(415, "is a picture; this model takes rows, as JSON", field)


def is_one(model: Model, value: Any) -> bool:
    """Whether a value is one row, and not a list of them."""
    first = value[0] if isinstance(value, list) and value else []
    return isinstance(value, dict) or not isinstance(first, list | dict)


def output_names(model: Model) -> tuple[str, ...]:
    """Return what the numbers of an answer are called."""
    return model.classes or (model.inputs.target,)


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
    if limits.date:  # JSON Schema cannot say from when to when
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
    if limits.example is not None:
        return limits.example.isoformat() if limits.date else limits.example
    number = float(np.clip(0.0, limits.minimum, limits.maximum))
    if limits.date:
        return (EPOCH + timedelta(days=number)).date().isoformat()
    return number


def row_example(model: Model) -> dict[str, Any]:
    """Return a row."""
    return {tensor.name: value_example(tensor) for tensor in model.tensors}
