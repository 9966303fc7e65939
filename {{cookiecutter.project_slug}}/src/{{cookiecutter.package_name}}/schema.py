"""What the columns of a table may hold: find out, read it, check rows by it.

Yours: nothing here, but the files in configs/schemas/ that the command `schema` writes:
correct them and keep them in git. By them, every file is read with the same types.
"""

import math
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import yaml
from pandas.api import types
from pydantic import ValidationError

from .adapter import EPOCH, Column, Inputs, Kind, to_days
from .config import DataError, Reading, read_yaml
from .files import write_text

MOSTLY = 0.9  # with this share of readable cells, the others are taken for mistakes
MOST_CATEGORIES = 50  # a column with more different texts is not given a list of them
EXACT = 2**53  # from here on, float64 does not tell all integers apart
SHOWN = 3  # texts that a remark names
# What people write where there is nothing, which is a text all the same.
LIKE_MISSING = ["NA", "N/A", "#N/A", "NaN", "nan", "None", "NULL", "null", "?", "-"]
# Other ways to write numbers and dates, which `remarks` tries.
SPELLINGS: dict[Kind, list[dict[str, Any]]] = {
    "boolean": [],
    "number": [
        {"thousands": ","},
        {"decimal": ","},
        {"decimal": ",", "thousands": "."},
        {"percent": True},
        {"percent": True, "decimal": ","},
    ],
    "date": [
        {"date_format": f"{day}{time}"}
        for day in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d")
        for time in ("", " %H:%M", " %H:%M:%S")
    ],
}
HEADER = """\
# What the columns may hold, as the command `schema` found it; correct it where you know
# better. kind: number, boolean, date or category (text). nullable: cells may be empty.
# example: what the pages of a server show. Add minimum or maximum to refuse what is
# beyond. Without a list of categories, any text will do. Columns that are not here are
# not read. Above `columns`: na_values: [NA, "?"], texts that mean a missing value in
# files and requests; and sep, encoding, decimal, thousands, percent, date_format.
"""
Cells: TypeAlias = "pd.Series[Any]"  # texts of a CSV file, or typed as Parquet is


def blank(cells: Cells, reading: Reading) -> "pd.Series[bool]":
    """Return whether each cell is missing: empty, or as `na_values` says."""
    text = types.is_string_dtype(cells) or cells.dtype == object
    if not text and not types.is_numeric_dtype(cells):
        return cells.isna()
    given = [each for each in reading.missing if isinstance(each, str) == text]
    return cells.isna() | cells.isin(given) if given else cells.isna()


def numbers(cells: Cells, reading: Reading) -> "pd.Series[float]":
    """Return cells as float64; NaN where there is no finite number."""
    if not types.is_numeric_dtype(cells) or types.is_bool_dtype(cells):
        cells = cells.astype(str)
        if reading.percent:
            cells = cells.str.removesuffix("%")
        if reading.thousands:  # 1,234.5 but not 1,2
            mark, point = reading.thousands, reading.decimal
            groups = rf"[+-]?\d\d?\d?([{mark}]\d\d\d)+([{point}]\d*)?"
            plain = cells.str.replace(mark, "", regex=False)
            cells = cells.mask(cells.str.fullmatch(groups, na=False), plain)
        if reading.decimal == ",":
            cells = cells.str.translate({ord("."): ",", ord(","): "."})
        cells = pd.to_numeric(cells, errors="coerce")
    values = pd.Series(cells.to_numpy(np.float64, na_value=np.nan), cells.index)
    return values.where(values.abs() < math.inf)


def booleans(cells: Cells, reading: Reading) -> "pd.Series[float]":
    """Return true (True, TRUE) as 1.0 and false as 0.0; NaN where it is neither."""
    known = {"true": 1.0, "false": 0.0}
    return cells.astype(str).str.lower().map(known).astype("float64")


def days(cells: Cells, reading: Reading) -> "pd.Series[float]":
    """Return dates as days since 1970, float64; NaN where there is none."""
    if types.is_datetime64_any_dtype(cells):
        since = pd.to_datetime(cells, utc=True) - pd.Timestamp(EPOCH)
        return (since / pd.Timedelta("1D")).astype("float64")
    cells = cells.astype(str)
    known = {text: to_days(text, reading.date_format) for text in set(cells.dropna())}
    return cells.map(known).astype("float64")


# How the cells of a column become what a model is given; NaN if they cannot.
READERS: dict[Kind, Callable[[Cells, Reading], Cells]] = {
    "boolean": booleans,
    "number": numbers,
    "date": days,
    "category": lambda cells, reading: cells.astype(str),
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
        missing = blank(cells, inputs)
        values = typed[name] = READERS[rule.kind](cells, inputs).mask(missing)
        if name == inputs.target and not target:
            continue
        if rule.kind != "category":
            good = values.between(*rule.bounds)
        else:
            good = values.isin(rule.categories) if rule.categories else ~missing
        for row, cell in cells[~(good | missing & rule.nullable)].items():
            shown = None if missing[row] else str(cell)
            bad.setdefault(row, []).append(f"{name}: {rule.refusal(shown)}")
    return pd.DataFrame(typed), {row: "; ".join(bad[row]) for row in sorted(bad)}


def infer_schema(
    frame: pd.DataFrame, target: str, task: str, reading: Reading
) -> Inputs:
    """Return the schema that a table meets: texts, or Parquet's columns with a type.

    A DataError says that the target is not what the task needs.
    """
    rules = {str(name): infer_column(frame[name], reading) for name in frame}
    if task == "classification":
        cells = frame[target][~blank(frame[target], reading)].astype(str)
        rules[target] = Column(kind="category", categories=tuple(sorted(set(cells))))
    else:
        rules[target] = rules[target].model_copy(update={"nullable": False})
    content = {"target": target, "task": task, **reading.model_dump(), "columns": rules}
    return validated(content, "the table")


def infer_column(cells: Cells, reading: Reading) -> Column:
    """Return what a column holds; an empty one passes for numbers."""
    missing = blank(cells, reading)
    present, nullable = cells[~missing], bool(missing.any())
    if present.empty:
        return Column(kind="number", nullable=True)
    kind = find_kind(present, reading)
    values = READERS[kind](present, reading).dropna()
    if kind == "category":
        known = tuple(sorted(set(values)))
        listed = known if len(known) <= MOST_CATEGORIES else None
        return Column(kind=kind, nullable=nullable, categories=listed)
    if kind == "boolean":
        return Column(kind=kind, nullable=nullable)
    middle = float(values.quantile(interpolation="lower"))
    day = (EPOCH + timedelta(days=middle)).date() if kind == "date" else None
    return Column(kind=kind, nullable=nullable, example=day or middle)


def find_kind(present: Cells, reading: Reading) -> Kind:
    """Return the kind of cells: the declared one, or that of nearly all texts."""
    if is_code(present, reading):
        return "category"
    if types.is_bool_dtype(present):
        return "boolean"
    if types.is_numeric_dtype(present):
        return "number"
    if isinstance(present.dtype, pd.ArrowDtype):
        return "date" if types.is_datetime64_any_dtype(present) else "category"
    texts = present[~present.isin(LIKE_MISSING)]
    for kind in SPELLINGS:
        if readable(kind, texts, reading):
            return kind
    return "category"


def is_code(present: Cells, reading: Reading) -> bool:
    """Whether cells are digits, but no numbers: 08, or more than float64 can hold."""
    digits = present.astype(str).str
    whole = digits.fullmatch(r"[+-]?\d+")
    return bool(
        digits.fullmatch(r"[+-]?0\d+").any()
        or (numbers(present[whole], reading).abs() >= EXACT).any()
    )


def remarks(frame: pd.DataFrame, inputs: Inputs) -> Iterator[str]:
    """Yield what a person should know of a table beside the schema inferred from it."""
    for name, rule in inputs.rules.items():
        missing = blank(frame[name], inputs)
        present, named = frame[name][~missing], frame[name][missing].dropna()
        if len(named):
            yield f"{name}: missing, as na_values says: {counted(named)}"
        if not types.is_string_dtype(present):
            continue
        like = present.isin(LIKE_MISSING)
        if like.any():
            yield (
                f"{name}: {counted(present[like])}: texts like any other; if they mean "
                "a missing value, name them by --na-values"
            )
        if rule.kind == "category" and name != inputs.target:
            for said in about_texts(present[~like], inputs):
                yield f"{name}: {said}"


def about_texts(texts: Cells, inputs: Inputs) -> Iterator[str]:
    """Yield what is strange about a column of texts."""
    few, ways = texts.head(1000), []
    for kind, spellings in SPELLINGS.items():
        if readable(kind, few, inputs):  # a code; or a file has declared it a text
            ways.append(f"with kind: {kind} in the schema it is a {kind}")
            continue
        for options in spellings:
            if readable(kind, few, inputs.model_copy(update=options)):
                given = (
                    f"--{name.replace('_', '-')}{f' {v!r}' * (v is not True)}"
                    for name, v in options.items()
                )
                ways.append(f"with {' '.join(given)} it is a {kind}")
    if ways:
        yield f"{few.iloc[0]!r:.60} is a text; {', '.join(ways)}"
    unique = texts.nunique()
    if unique > MOST_CATEGORIES and unique > MOSTLY * len(texts):
        yield (
            f"{unique:,} different texts in {len(texts):,} rows tell a model nothing "
            "of other rows; leave it out by --drop"
        )


def readable(kind: Kind, texts: Cells, reading: Reading) -> bool:
    """Whether nearly all texts are of a kind; none at all are of no kind."""
    return bool(READERS[kind](texts, reading).notna().mean() >= MOSTLY)


def counted(cells: Cells) -> str:
    """Say how often the most frequent of some cells are there."""
    counts = cells.value_counts()
    more = f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
    shown = [f"{str(cell)!r:.60} {count} times" for cell, count in counts.items()]
    return ", ".join(shown[:SHOWN]) + more


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
