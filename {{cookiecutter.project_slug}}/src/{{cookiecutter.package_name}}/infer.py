"""Find out what the columns of a table hold."""

import math
from datetime import date, timedelta

import pandas as pd

from .checks import days, numbers
from .datasets import DataError
from .inputs import Task
from .schema import Column, Schema
from .utils import listed

MOST_CATEGORIES = 50  # a column with more different texts is not given a list of them
# With this share of readable values, the others are taken for mistakes, and reported.
MOSTLY = 0.9


def infer_schema(frame: pd.DataFrame, target: str, task: Task) -> Schema:
    """Return the schema that a table meets, with some room for values to come.

    Args:
        frame: Text cells, from `utils.get_data`.
        target: The column to predict.
        task: Whether that is a class or a number.

    Raises:
        DataError: If the target of a regression is not made of numbers.
    """
    columns = {}
    for name in map(str, frame.columns):
        cells = frame[name]
        if name == target and task == "classification":
            classes = tuple(sorted(cells.dropna().unique()))
            columns[name] = Column(kind="category", categories=classes)
        elif name == target:
            wrong = cells[cells.notna() & numbers(cells).isna()]
            if len(wrong):
                rows = [f"row {row}: {value!r}" for row, value in wrong.items()]
                raise DataError(
                    f"{target!r} is to be predicted as a number, and has others: "
                    f"{listed(rows)}"
                )
            columns[name] = infer_column(cells).model_copy(update={"nullable": False})
        else:
            columns[name] = infer_column(cells)
    return Schema(target=target, task=task, columns=columns)


def infer_column(cells: "pd.Series[str]") -> Column:
    """Return what a column of text cells holds; an empty one passes for numbers."""
    present = cells.dropna()
    nullable = len(present) < len(cells)
    if present.empty:
        return Column(kind="number", nullable=True)
    values = numbers(present)
    if values.notna().mean() >= MOSTLY:
        low, high = with_room(values.min(), values.max())
        return Column(kind="number", nullable=nullable, minimum=low, maximum=high)
    values = days(present)
    if values.notna().mean() >= MOSTLY:
        first, last = with_room(values.min(), values.max())
        return Column(
            kind="date",
            nullable=nullable,
            minimum=date(1970, 1, 1) + timedelta(days=first),
            maximum=date(1970, 1, 1) + timedelta(days=last),
        )
    categories = tuple(sorted(present.unique()))
    if len(categories) > MOST_CATEGORIES:
        return Column(kind="category", nullable=nullable)
    return Column(kind="category", nullable=nullable, categories=categories)


def with_room(low: float, high: float) -> tuple[float, float]:
    """Widen a range by its own width on either side, in round numbers.

    What is never negative stays so. Outwards to two digits of the width.

    Example: 6.98 to 28.1 becomes 0 to 50.
    """
    width = high - low
    if not width:
        return low, high
    unit = 10.0 ** (math.floor(math.log10(width)) - 1)
    # Rounded, since 0.15 / 0.001 is a little more than 150.
    first = math.floor(round((low - width) / unit, 6))
    last = math.ceil(round((high + width) / unit, 6))
    if low >= 0:
        first = max(first, 0)
    # A decimal digit more than the unit has is rounding error.
    digits = max(0, -math.floor(math.log10(unit)))
    return round(first * unit, digits), round(last * unit, digits)
