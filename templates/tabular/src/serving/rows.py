"""From the rows of a request to the tensors of the model, and what rows look like.

A row is an object, a value for each column by its name, or a list of the values in the
model's order; null is a missing one. A number is a JSON number, a boolean true or
false, a category a text, a date a text too (ISO 8601). What the schema forbids is
refused, and in the same words, as it is for the rows of a file.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

import numpy as np

from ..adapter import MISSING, Column, Kind, to_days
from .messages import LARGE_BODY, TEXT, Array, Feeds, RequestError
from .model import Model, Tensor
from .values import kind_of, require_list, require_names

Where: TypeAlias = Callable[[int, str], str]  # names the value of a row and a column

LARGEST = float(np.finfo(np.float32).max)  # what a graph can be given
# What JSON has for the values of a column, by its kind.
TYPES: dict[Kind, set[type]] = {
    "number": {int, float, type(None)},
    "boolean": {bool, type(None)},
    "date": {str, type(None)},
    "category": {str, type(None)},
}
SCHEMAS: dict[Kind, dict[str, Any]] = {
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "category": {"type": "string"},
}
EXAMPLES = {"number": 0.0, "boolean": True, "date": "2024-12-31", "category": "text"}


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


def plain(model: Model, name: str, values: list[Any], where: Where) -> list[Any]:
    """Return numbers or texts, None where one is missing; a date as days since 1970.

    Each may be alone in a list.
    """
    rule = model.inputs.rules[name]
    usual = set(map(type, values)) <= TYPES[rule.kind]
    if usual and rule.kind == "number" and not model.inputs.na_values:
        return values  # as nearly always: to look for what is missing takes as long
    missing = model.inputs.missing
    if usual and rule.kind != "date" and missing.isdisjoint(values):
        return values
    found = []
    for row, value in enumerate(values):
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, str | float | int) and value in missing:
            value = None
        result = value
        if rule.kind == "date" and isinstance(value, str):
            result = to_days(value, model.inputs.date_format)
        if type(value) not in TYPES[rule.kind] or result != result:
            raise RequestError(400, rule.refusal(value), where(row, name))
        found.append(result)
    return found


def checked(model: Model, columns: Mapping[str, list[Any]], where: Where) -> Feeds:
    """Turn parsed columns into tensors (n, 1), all numbers checked at once."""
    feeds, numeric, given = {}, [], []
    for tensor in model.tensors:
        values = plain(model, tensor.name, columns[tensor.name], where)
        if tensor.dtype == TEXT:
            feeds[tensor.name] = texts(model, tensor.name, values, where)
        else:
            numeric.append(tensor)
            given.append(values)
    rules = [model.inputs.rules[tensor.name] for tensor in numeric]
    table = np.array(given, dtype=np.float64)  # None becomes NaN
    low = np.array([[rule.bounds[0]] for rule in rules])
    high = np.array([[rule.bounds[1]] for rule in rules])
    nullable = np.array([[rule.nullable] for rule in rules], dtype=bool)
    good = (table >= low) & (table <= high) & (abs(table) <= LARGEST)
    bad = ~(good | np.isnan(table) & nullable)
    for column, row in np.argwhere(bad)[:1].tolist():
        name, value = numeric[column].name, None
        if not math.isnan(table[column, row]):
            value = columns[name][row]
        raise RequestError(400, rules[column].refusal(value), where(row, name))
    for tensor, numbers in zip(numeric, table[..., np.newaxis]):
        feeds[tensor.name] = numbers.astype(tensor.dtype)
    return feeds


def texts(model: Model, name: str, values: list[str | None], where: Where) -> Array:
    """Return texts as a tensor (n, 1), a missing one as the graph has it."""
    rule = model.inputs.rules[name]
    for text in dict.fromkeys(values):
        known = text is None or not rule.categories or text in rule.categories
        if not known or text is None and not rule.nullable:
            raise RequestError(400, rule.refusal(text), where(values.index(text), name))
    given = [MISSING if text is None else text for text in values]
    return np.array(given, dtype=TEXT).reshape(-1, 1)


def asked(tensor: Tensor) -> np.dtype[Any]:
    """Return the type that requests have for a tensor: of dates texts, not numbers."""
    kind = tensor.limits.kind if tensor.limits else ""
    return {"date": TEXT, "boolean": np.dtype(bool)}.get(kind, tensor.dtype)


def from_picture(model: Model, picture: bytes, field: str) -> Feeds:
    """Refuse a picture."""
    raise RequestError(415, "is a picture; this model takes rows, as JSON", field)


def is_slow(body: bytes) -> bool:
    """Whether to read a body in a thread, as health would wait for it."""
    return len(body) > LARGE_BODY


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
        "properties": {
            name: value_schema(rule) for name, rule in model.inputs.limits.items()
        },
    }


def value_schema(rule: Column) -> dict[str, Any]:
    """Return the schema of a column's values: what it may hold, and an example."""
    schema = dict(SCHEMAS[rule.kind])
    if rule.categories:
        schema["enum"] = [*rule.categories, *([None] if rule.nullable else [])]
    if rule.kind == "number":  # JSON Schema cannot say from when to when
        bounds = {"minimum": rule.minimum, "maximum": rule.maximum}
        schema |= {name: each for name, each in bounds.items() if each is not None}
    if rule.nullable:
        schema["type"] = [schema["type"], "null"]
    return schema | {"examples": [value_example(rule)]}


def value_example(rule: Column) -> Any:
    """Return a value that a column may hold; that of the schema, if it has one."""
    values = (*(rule.categories or ()), rule.example, rule.minimum, rule.maximum)
    known = [each for each in values if each is not None]
    value = known[0] if known else EXAMPLES[rule.kind]
    return value.isoformat() if isinstance(value, date) else value


def row_example(model: Model) -> dict[str, Any]:
    """Return a row."""
    limits = model.inputs.limits
    return {name: value_example(rule) for name, rule in limits.items()}
