"""What the columns of a table may hold: find out, read it, check rows by it.

Yours: nothing here, but the files in configs/schemas/ that the command `schema` writes:
correct them and keep them in git. By them, every file is read with the same types.
"""

import math
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import ValidationError

from .adapter import Column, Inputs
from .config import DataError, read_yaml
from .files import write_text

MOSTLY = 0.9  # with this share of readable cells, the others are taken for mistakes
MOST_CATEGORIES = 50  # a column with more different texts is not given a list of them
HEADER = """\
# What the columns may hold, as the command `schema` found it; correct it where you know
# better. kind: number, category (text) or date. nullable: cells may be empty. minimum
# and maximum leave the width of the observed range as room on either side. Without a
# list of categories, any text will do. Columns that are not here are not read.
"""


def numbers(cells: "pd.Series[Any]") -> "pd.Series[float]":
    """Return cells as float64; NaN where there is no finite number."""
    values = pd.to_numeric(cells, errors="coerce").astype("float64")
    return values.where(values.abs() < math.inf)


def days(cells: "pd.Series[Any]") -> "pd.Series[float]":
    """Return ISO 8601 dates (UTC, if no zone is given) as days since 1970, float64."""
    times = pd.to_datetime(cells, format="ISO8601", utc=True, errors="coerce")
    return (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta("1D")


# How the cells of a column become what a model is given; NaN if they cannot.
READERS: dict[str, Callable[["pd.Series[Any]"], "pd.Series[Any]"]] = {
    "number": numbers,
    "date": days,
    "category": lambda cells: cells,
}


def check(
    frame: pd.DataFrame, inputs: Inputs, target: bool = True
) -> tuple[pd.DataFrame, dict[int, str]]:
    """Give a table its types, and find every cell that breaks the schema.

    The index numbers the rows. A column that is not there is taken for an empty one; a
    target that is not needed may hold anything.

    Returns:
        The columns of the schema in its order: float64 (dates in days since 1970) or
        texts, NaN where there is none. And by the number of each bad row, the reasons.
    """
    typed: dict[str, Any] = {}
    bad: dict[int, list[str]] = {}
    empty = pd.Series(index=frame.index, dtype=str)
    for name, rule in inputs.rules.items():
        cells = frame.get(name, empty)
        values = typed[name] = READERS[rule.kind](cells)
        low, high = rule.bounds
        if name == inputs.target and not target:
            continue
        if rule.kind != "category" and values.between(low, high).all():
            continue  # as nearly every time: the rest takes five times as long
        present = cells.notna()
        wrong = {f"is not a {rule.kind}": present & values.isna()}
        wrong["is missing"] = ~present & (not rule.nullable)
        if rule.categories:
            known = values.isin(rule.categories)
            wrong[f"is none of {', '.join(rule.categories)}"] = present & ~known
        elif rule.kind != "category":
            wrong[f"is less than {rule.minimum}"] = values < low
            wrong[f"is more than {rule.maximum}"] = values > high
        for reason, rows in wrong.items():
            for row, cell in cells[rows].items():
                shown = "" if reason == "is missing" else f"{cell!r} "
                bad.setdefault(row, []).append(f"{name}: {shown}{reason}")
    return pd.DataFrame(typed), {row: "; ".join(bad[row]) for row in sorted(bad)}


def infer_schema(frame: pd.DataFrame, target: str, task: str) -> Inputs:
    """Return the schema that a table of texts meets, with room for values to come.

    A DataError says that the target is not what the task needs.
    """
    rules = {str(name): infer_column(frame[name]) for name in frame}
    if task == "classification":
        classes = tuple(sorted(frame[target].dropna().unique()))
        rules[target] = Column(kind="category", categories=classes or None)
    else:
        rules[target] = rules[target].model_copy(update={"nullable": False})
    return validated({"target": target, "task": task, "columns": rules}, "the table")


def infer_column(cells: "pd.Series[str]") -> Column:
    """Return what a column of text cells holds; an empty one passes for numbers."""
    present = cells.dropna()
    nullable = len(present) < len(cells)
    if present.empty:
        return Column(kind="number", nullable=True)
    if (values := numbers(present)).notna().mean() >= MOSTLY:
        low, high = with_room(values.min(), values.max())
        return Column(kind="number", nullable=nullable, minimum=low, maximum=high)
    if (values := days(present)).notna().mean() >= MOSTLY:
        bounds = with_room(values.min(), values.max())
        first, last = (date(1970, 1, 1) + timedelta(days=day) for day in bounds)
        return Column(kind="date", nullable=nullable, minimum=first, maximum=last)
    known = tuple(sorted(present.unique()))
    listed = known if len(known) <= MOST_CATEGORIES else None
    return Column(kind="category", nullable=nullable, categories=listed)


def with_room(low: float, high: float) -> tuple[float, float]:
    """Widen a range by its width on either side, to two digits: 7 to 28 is 0 to 49.

    What is never negative stays so.
    """
    width = high - low
    digits = 1 - math.floor(math.log10(width or 1.0))
    first = low - width if low < 0 else max(low - width, 0.0)
    return round(first, digits), round(high + width, digits)


def validated(content: dict[str, Any], what: str) -> Inputs:
    """Return a schema that was read or inferred; a DataError says what is wrong."""
    try:
        return Inputs.model_validate(content)
    except ValidationError as error:
        found = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        lines = [f"{what} has no valid schema:", *found]
        raise DataError("\n  ".join(lines)) from error


def read_schema(path: Path) -> Inputs:
    """Read a schema; a DataError says that there is none, or that it is not valid."""
    if not path.exists():
        raise DataError(
            f"{path}: this table has no schema yet. Infer one by the command `schema` "
            "with the same --data; look at it, and keep it in git"
        )
    return validated(read_yaml(path), str(path))


def write_schema(path: Path, inputs: Inputs) -> str:
    """Write a schema, whole or not at all, and return its text."""
    text: str = yaml.safe_dump(
        inputs.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=88,
    )
    write_text(path, HEADER + text)
    return text
