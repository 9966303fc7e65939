"""From the rows of a request to the tensors of the model, one for each column.

A row is an object: a value for each column by its name, null for a missing one. A
number is a JSON number, a category a text, a date a text too (ISO 8601) or days since
1970. What the schema forbids is refused, as it is for the rows of a file.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from ..adapter import MISSING
from .messages import RequestError
from .model import Model
from .parsing import kind_of
from .tensors import TEXT, Array, Feeds, Tensor
from .values import NUMBERS, converted, listed, require_list, require_names

Where: TypeAlias = Callable[[int], str]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NUMBER_OR_NULL = {*NUMBERS, type(None)}
TEXT_OR_NULL = {str, type(None)}


def quick(model: Model, body: bytes, *keys: str) -> Feeds | None:
    """Return None: of rows with names, parsing them is the smaller part."""
    return None


def from_rows(model: Model, rows: Any, field: str, names: Sequence[str] = ()) -> Feeds:
    """Read a list of rows.

    Args:
        model: What they are for.
        rows: As parsed: objects by column; with `names`, lists in their order.
        field: Where the list was.
        names: The columns of rows that are lists.

    Raises:
        RequestError: 400 if a column is missing or unknown, or a value is not what its
            column holds.
    """
    found = require_list(rows, field)
    return read_rows(model, found, partial(place, field), names)


def from_row(model: Model, row: Any, field: str) -> Feeds:
    """Read one row that is in no list.

    Raises:
        RequestError: 400, as `from_rows`.
    """
    return read_rows(model, [row], lambda index: field)


def read_rows(
    model: Model,
    rows: Sequence[Any],
    where: Where,
    names: Sequence[str] = (),
) -> Feeds:
    """Turn rows into a tensor for each column; see `from_rows`.

    Args:
        model: What they are for.
        rows: As parsed; at least one.
        where: The place of a row in the request, from its number.
        names: The columns of rows that are lists.
    """
    columns = [tensor.name for tensor in model.tensors]
    if names:
        require_names(names, columns, "names")
    known = set(columns)
    named = []
    for index, row in enumerate(rows):
        if names and isinstance(row, list):
            if len(row) != len(names):
                message = f"must have {len(names)} values, has {len(row)}"
                raise RequestError(400, message, where(index))
            row = dict(zip(names, row))
        if not isinstance(row, dict):
            wanted = "a list" if names else "an object with a value for each column"
            message = f"must be {wanted}, is {kind_of(row)}"
            raise RequestError(400, message, where(index))
        if row.keys() != known:
            require_names(row, columns, where(index))
        named.append(row)
    feeds = {}
    for tensor in model.tensors:
        values = [row[tensor.name] for row in named]
        feeds[tensor.name] = column(tensor, values, partial(cell, where, tensor.name))
    return feeds


def place(field: str, index: int) -> str:
    """Name an item of a list."""
    return f"{field}[{index}]"


def cell(row: Where, name: str, index: int) -> str:
    """Name a value of a row."""
    return f"{row(index)}.{name}"


def from_columns(model: Model, columns: Any, field: str) -> Feeds:
    """Read an object with a list for each column, all of them equally long.

    Raises:
        RequestError: 400, as `from_rows`.
    """
    if not isinstance(columns, dict):
        wanted = "an object with a list for each column"
        raise RequestError(400, f"must be {wanted}, is {kind_of(columns)}", field)
    require_names(columns, [tensor.name for tensor in model.tensors], field)
    rows = None
    feeds = {}
    for tensor in model.tensors:
        where = f"{field}.{tensor.name}"
        values = require_list(columns[tensor.name], where, "values")
        rows = rows or len(values)
        if len(values) != rows:
            message = f"must have {rows} values as the others, has {len(values)}"
            raise RequestError(400, message, where)
        feeds[tensor.name] = column(tensor, values, partial(place, where))
    return feeds


def column(tensor: Tensor, values: Sequence[Any], where: Where) -> Array:
    """Turn the values of a column, as parsed, into its tensor.

    Args:
        tensor: What it must become, (n, 1).
        values: Each a value, null, or either of them alone in a list, as the shape
            (n, 1) has it.
        where: The place of a value in the request, from its number.

    Raises:
        RequestError: 400 if a value is not what the column may hold.
    """
    text = tensor.dtype == TEXT
    values = [
        value[0] if isinstance(value, list) and len(value) == 1 else value
        for value in values
    ]
    if tensor.limits.date:
        values = [
            days(value, where(index)) if isinstance(value, str) else value
            for index, value in enumerate(values)
        ]
    if not set(map(type, values)) <= (TEXT_OR_NULL if text else NUMBER_OR_NULL):
        for index, value in enumerate(values):
            if type(value) not in (TEXT_OR_NULL if text else NUMBER_OR_NULL):
                wanted = "a text" if text else "a number"
                message = f"must be {wanted}, is {kind_of(value)}"
                raise RequestError(400, message, where(index))
    if text:
        texts = [MISSING if value is None else value for value in values]
        return limited(tensor, np.array(texts, dtype=TEXT).reshape(-1, 1), where)
    # None becomes NaN.
    return limited(tensor, np.array(values, dtype=np.float64).reshape(-1, 1), where)


def limited(tensor: Tensor, values: Array, where: Where) -> Array:
    """Check the values of a column against its limits, and give them its type.

    Args:
        tensor: What it must become, (n, 1).
        values: Texts or numbers, (n, 1); a missing one as the graph has it.
        where: The place of a value in the request, from its number.

    Raises:
        RequestError: 400 if a value is missing that must not be, is not among the
            categories, out of range, or infinite.
    """
    limits = tensor.limits
    if tensor.dtype == TEXT:
        missing = values == MISSING
        rule, good = "", np.ones_like(missing)
        if limits.categories is not None:
            rule = f"must be one of {listed(limits.categories)}"
            known = set(limits.categories)
            good = np.array([[each[0] in known] for each in values.tolist()])
        result = values
    else:
        missing = np.isnan(values)
        low, high = limits.minimum, limits.maximum
        low, high = -np.inf if low is None else low, np.inf if high is None else high
        with np.errstate(over="ignore"):
            result = values.astype(tensor.dtype)
        rule = f"must be from {low:g} to {high:g}"
        good = (values >= low) & (values <= high) & np.isfinite(result)
    bad = missing if not limits.nullable else np.zeros_like(missing)
    bad = bad | ~(good | missing)
    if bad.any():
        index = int(np.flatnonzero(bad)[0])
        if missing[index, 0]:
            raise RequestError(400, "must not be missing", where(index))
        message = f"{rule}, is {values[index].item()!r:.60}"
        raise RequestError(400, message, where(index))
    return result


def days(text: str, field: str) -> float:
    """Return an ISO 8601 date as days since 1970; a time of day is a part of one.

    Raises:
        RequestError: 400 if it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"must be a date like 2024-12-31, is {text!r:.60}"
        raise RequestError(400, message, field) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) / timedelta(days=1)


def from_tensors(
    model: Model, tensors: Mapping[str, Array], fields: Mapping[str, str]
) -> Feeds:
    """Read a tensor for each column, of shape (n, 1) or (n,).

    Args:
        model: What they are for.
        tensors: By column; a missing number is NaN, a missing category "(missing)".
        fields: Where each one was.

    Raises:
        RequestError: 400, as `from_rows`; also if a number is infinite.
    """
    require_names(tensors, [tensor.name for tensor in model.tensors], "inputs")
    rows = len(next(iter(tensors.values())).reshape(-1))
    feeds = {}
    for tensor in model.tensors:
        values, field = tensors[tensor.name], fields[tensor.name]
        if values.shape not in ((rows,), (rows, 1)) or not rows:
            expected = "[n, 1] or [n], with the same n > 0 for each column"
            given = list(values.shape)
            raise RequestError(400, f"must be of shape {expected}, is {given}", field)
        exact = converted(values, tensor.dtype, field).reshape(-1, 1)
        feeds[tensor.name] = limited(tensor, exact, partial(place, field))
    return feeds


def from_array(
    model: Model, table: Array, field: str, names: Sequence[str] = ()
) -> Feeds:
    """Read one array of everything: a row for each row of the table.

    Args:
        model: What it is for.
        table: Numbers, (n, columns).
        field: Where it was.
        names: What the columns are; those of the model in their order if not given.

    Raises:
        RequestError: 400, as `from_rows`; also if a column holds categories.
    """
    columns = [tensor.name for tensor in model.tensors]
    order = list(names) or columns
    require_names(order, columns, "names")
    if table.ndim != 2 or table.shape[1] != len(columns) or not len(table):
        expected = f"[n, {len(columns)}] with n > 0"
        given = list(table.shape)
        raise RequestError(400, f"must be of shape {expected}, is {given}", field)
    tensors = {name: table[:, index] for index, name in enumerate(order)}
    return from_tensors(model, tensors, dict.fromkeys(columns, field))


def from_picture(model: Model, picture: bytes, field: str) -> Feeds:
    """Refuse a picture.

    Raises:
        RequestError: 415.
    """
    raise RequestError(415, "is a picture; this model takes rows, as JSON", field)


def is_one(model: Model, value: Any) -> bool:
    """Whether a value without any name around it is one row, and not a list of them."""
    return isinstance(value, dict)


def output_names(model: Model) -> tuple[str, ...]:
    """Return what the numbers of an answer are called."""
    return model.classes or (model.inputs.target,)
