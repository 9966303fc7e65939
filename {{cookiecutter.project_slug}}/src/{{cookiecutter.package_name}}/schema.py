"""What the columns of a table may hold: find out, read it, check rows by it.

Yours: nothing here, but the files in configs/schemas/ that the command `schema` writes:
correct them and keep them in git. By them, every file is read with the same types.
"""

import math
import re
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
from .config import DataError, DataSettings, Reading, read_yaml
from .files import write_text

MOSTLY = 0.9  # with this share of readable cells, the others are taken for mistakes
MOST_CATEGORIES = 50  # a column with more different texts is not given a list of them
EXACT = 2**53  # from here on, float64 does not tell all integers apart
SHOWN = 3  # texts that a remark counts
# What people write where there is nothing, which is a text all the same.
LIKE_MISSING = ["NA", "N/A", "#N/A", "NaN", "nan", "None", "NULL", "null", "?", "-"]
DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d.%m.%Y %H:%M")
# Ways to read texts as numbers and dates, which `remarks` tries.
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "--thousands ,": ("number", {"thousands": ","}),
    "--decimal ,": ("number", {"decimal": ","}),
    "--decimal , --thousands .": ("number", {"decimal": ",", "thousands": "."}),
    "--percent": ("number", {"percent": True}),
    **{f"--date-format '{each}'": ("date", {"date_format": each}) for each in DATES},
}
HEADER = """\
# What the columns may hold, as the command `schema` found it; correct it where you know
# better. kind: number, boolean, date or category (text). nullable: cells may be empty.
# example: what the pages of a server show. Add minimum or maximum to refuse what is
# beyond. Without a list of categories, any text will do. Columns that are not here are
# not read. Above `columns`: na_values: [NA, "?"], texts that mean a missing value in
# files and requests; id_columns, which no model sees, and which predict writes beside
# its predictions; and sep, encoding, decimal, thousands, percent, date_format.
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
    values = cells.to_numpy(np.float64, na_value=np.nan)
    return pd.Series(np.where(np.isfinite(values), values, np.nan), cells.index)


def booleans(cells: Cells, reading: Reading) -> "pd.Series[float]":
    """Return true (True, TRUE) as 1.0 and false as 0.0; NaN where it is neither."""
    known = {"true": 1.0, "false": 0.0}
    return cells.astype(str).str.lower().map(known).astype("float64")


def days(cells: Cells, reading: Reading) -> "pd.Series[float]":
    """Return dates as days since 1970, float64; NaN where there is none."""
    if types.is_datetime64_any_dtype(cells):
        since = pd.to_datetime(cells, utc=True) - pd.Timestamp(EPOCH)
        return since / pd.Timedelta("1D")
    codes, texts = pd.factorize(cells.astype(str))  # few, as a rule, of many cells
    values = [to_days(text, reading.date_format) for text in texts]
    return pd.Series(np.array([*values, math.nan])[codes], cells.index)


# How the cells of a column become what a model is given; NaN if they cannot.
READERS: dict[str, Callable[[Cells, Reading], Cells]] = {
    "boolean": booleans,
    "number": numbers,
    "date": days,
    "category": lambda cells, reading: cells.astype(str),
}
# Which kind a type of pandas is, of those columns that are not texts.
DECLARED: dict[Kind, Callable[[Cells], bool]] = {
    "boolean": types.is_bool_dtype,
    "number": types.is_numeric_dtype,
    "date": types.is_datetime64_any_dtype,
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
        values = READERS[rule.kind](cells, inputs)
        typed[name] = values = values.mask(missing) if missing.any() else values
        if name == inputs.target and not target:
            continue
        if rule.kind != "category":
            good = values.between(*rule.bounds)
        else:
            good = values.isin(rule.categories) if rule.categories else ~missing
        if good.all():  # as nearly always
            continue
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
        counts = cells.value_counts().to_dict()
        classes = sorted(counts)
        if len(classes) == 2:  # f1 and the like are of the last: the rarer one
            classes.sort(key=counts.__getitem__, reverse=True)
        rules[target] = Column(kind="category", categories=tuple(classes))
    else:
        rules[target] = rules[target].model_copy(update={"nullable": False})
    for name in reading.id_columns:
        kind: Kind = "date" if rules[name].kind == "date" else "category"
        rules[name] = Column(kind=kind, nullable=True)
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
        known = tuple(sorted(values.unique()))
        listed = known if len(known) <= MOST_CATEGORIES else None
        return Column(kind=kind, nullable=nullable, categories=listed)
    middle = float(values.quantile(interpolation="lower"))
    day = EPOCH + timedelta(days=middle) if kind == "date" else None
    example = {"number": middle, "date": day and day.date()}.get(kind)
    return Column(kind=kind, nullable=nullable, example=example)


def find_kind(present: Cells, reading: Reading) -> Kind:
    """Return the kind of cells: the declared one, or that of nearly all texts."""
    if is_code(present, reading):
        return "category"
    guessed = not isinstance(present.dtype, pd.ArrowDtype)
    texts = present[~present.astype(str).isin(LIKE_MISSING)]
    for kind, declared in DECLARED.items():
        if declared(present) or guessed and readable(kind, texts, reading):
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
        cells, missing = frame[name], blank(frame[name], inputs)
        like = ~missing & cells.astype(str).isin(LIKE_MISSING)
        for rows, told in (
            (missing, "missing, as na_values says"),
            (like, "no missing values, unless --na-values names them"),
        ):
            if counts := cells[rows].value_counts().head(SHOWN).to_dict():
                yield f"{name}: {counts} are {told}"
        texts = cells[~missing & ~like]
        if rule.kind != "category" or name not in inputs.columns or texts.empty:
            continue
        few = texts.astype(str).head(1000)
        kinds = [k for k in ("number", "date") if readable(k, few, inputs)]
        ways = [f"kind: {kind} is written here" for kind in kinds] or [
            f"{way} is given"
            for way, (kind, change) in WAYS.items()
            if readable(kind, few, inputs.model_copy(update=change))
        ]
        if ways:
            yield f"{name}: {few.iloc[0]!r:.60} is a text, unless {' or '.join(ways)}"
        if texts.nunique() > max(MOST_CATEGORIES, MOSTLY * len(texts)):
            yield (
                f"{name}: {texts.nunique():,} different texts in {len(texts):,} rows "
                "tell a model nothing of other rows; name it in --id-columns or --drop"
            )


def readable(kind: str, texts: Cells, reading: Reading) -> bool:
    """Whether nearly all texts are of a kind; none at all are of no kind."""
    return bool(READERS[kind](texts, reading).notna().mean() >= MOSTLY)


def validated(content: dict[str, Any], what: str) -> Inputs:
    """Return a schema that was read or inferred; a DataError says what is wrong."""
    try:
        return Inputs.model_validate(content)
    except ValidationError as error:
        found = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        lines = [f"{what} has no valid schema:", *found]
        raise DataError("\n  ".join(lines)) from error


def schema_file(settings: DataSettings) -> Path:
    """Return where the schema of a table is kept: a/x.csv has another than b/x.csv."""
    path = Path(settings.data)
    name = (path.parent / path.name.partition(".")[0]).as_posix()
    return settings.schemas_dir / (re.sub(r"[^\w-]+", "__", name) + ".yaml")


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
