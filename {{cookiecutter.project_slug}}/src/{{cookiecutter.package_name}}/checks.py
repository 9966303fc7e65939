"""Check tables against a schema, and put the rows that fail aside.

pandera does the checking. Every bad cell is reported with its row, its column and the
reason; a row is refused or moved to a file, and never just dropped.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pandera
from pandera.errors import SchemaErrors

from .datasets import DataError
from .files import write_whole
from .schema import Column, Features, as_number, readable
from .utils import SHOWN, get_data, listed, more

logger = logging.getLogger(__name__)

DATE = r"\d{4}-\d{2}-\d{2}(?:[T ].*)?"
SECONDS_A_DAY = 24 * 60 * 60


def load_checked(
    path: Path,
    schema: Features,
    drop: Sequence[str] = (),
    ignore: Sequence[str] = (),
    quarantine: Path | None = None,
) -> tuple[pd.DataFrame, int]:
    """Read a table and check it.

    Args:
        path: The file.
        schema: What it has to be.
        drop: Columns to leave out.
        ignore: Columns to leave out if they are there.
        quarantine: Where to write the bad rows; without, they are an error.

    Returns:
        The good rows with the types of the schema (numbers and dates float64, the
        latter in days since 1970; text otherwise), and the number of bad ones.

    Raises:
        DataError: If the file cannot be read, its columns are others, or rows are bad
            and there is no quarantine, or no good row is left.
    """
    raw = get_data(path, drop).drop(columns=list(ignore), errors="ignore")
    frame, problems = check_table(raw, schema, str(path))
    if problems.empty:
        return frame, 0
    bad = sorted(set(problems["row"]))
    if quarantine is None:
        raise DataError(
            f"{path}: {len(bad):,} bad rows (the header is row 1):\n  "
            + "\n  ".join(described(problems))
            + "\nMend them, correct the schema, or move them to a file of their own "
            "with --quarantine FILE.csv"
        )
    put_aside(quarantine, raw, problems)
    logger.warning(
        "%s: %d of %d rows are bad and were left out; they are in %s, with the reasons",
        path,
        len(bad),
        len(raw),
        quarantine,
    )
    if len(bad) == len(raw):
        raise DataError(f"{path}: no row is good; see the reasons in {quarantine}")
    return frame.drop(index=bad), len(bad)


def check_chunk(schema: Features, frame: pd.DataFrame, first_row: int) -> pd.DataFrame:
    """Check a part of a table that is read in parts; its index counts the rows.

    Raises:
        DataError: If a row is bad; the message names the rows.
    """
    checked, problems = check_table(frame, schema, f"from row {first_row}")
    if len(problems):
        raise DataError("bad rows:\n  " + "\n  ".join(described(problems)))
    return checked


def check_table(
    frame: pd.DataFrame, schema: Features, where: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give a table its types and find what is wrong with it.

    Args:
        frame: Text cells, or float64 in columns that are numbers.
        schema: What it has to be.
        where: What a message calls the table.

    Returns:
        The table, its columns in the order of the schema; and a table of problems:
        row, column, reason.

    Raises:
        DataError: If the columns are others than those of the schema.
    """

    def shown(row: Any, name: str) -> str:
        return repr(str(frame.at[row, name]))

    require_columns(frame, schema.columns, where)
    typed = frame[list(schema.columns)].copy()
    found = []
    for name, column in schema.columns.items():
        if column.kind == "category":
            continue
        cells = typed[name]
        if not pd.api.types.is_float_dtype(cells):
            typed[name] = numbers(cells) if column.kind == "number" else days(cells)
            wrong = cells[cells.notna() & typed[name].isna()]
            found += [
                (row, name, f"{shown(row, name)} is not a {column.kind}")
                for row in wrong.index
            ]
    unread = {(row, name) for row, name, _ in found}
    try:
        as_pandera(schema).validate(typed, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases[["index", "column", "check"]]
        for row, name, check in cases.itertuples(index=False):
            # A cell that cannot be read is reported as that, not as missing too.
            if (row, name) not in unread:
                missing = check == "not_nullable"
                reason = "is missing" if missing else f"{shown(row, name)} {check}"
                found.append((row, name, reason))
    problems = pd.DataFrame(found, columns=["row", "column", "reason"])
    return typed, problems.sort_values("row", kind="stable", ignore_index=True)


def require_columns(
    frame: pd.DataFrame, columns: dict[str, Column], where: str
) -> None:
    """Refuse a table that lacks a column, or has one too many.

    Raises:
        DataError: If a column is missing or is not in the schema.
    """
    absent = [name for name in columns if name not in frame.columns]
    extra = [name for name in frame.columns if name not in columns]
    if absent or extra:
        raise DataError(
            f"{where}: the columns are not those of the schema.\n"
            f"  missing:       {listed(absent)}\n"
            f"  unknown:       {listed(extra)}\n"
            "Leave columns out with --drop, or infer a new schema and train again"
        )


def as_pandera(schema: Features) -> pandera.DataFrameSchema:
    """Return the schema as pandera wants it, for columns that have their types."""
    return pandera.DataFrameSchema(
        {
            name: pandera.Column(
                None, checks_of(column), nullable=column.nullable, required=True
            )
            for name, column in schema.columns.items()
        }
    )


def checks_of(column: Column) -> list[pandera.Check]:
    """Return the checks of a column; `error` is how a message says it."""
    checks = []
    low, high = as_number(column.minimum), as_number(column.maximum)
    if low is not None:
        error = f"is less than the minimum, {readable(column.minimum)}"
        checks.append(pandera.Check.ge(low, error=error))
    if high is not None:
        error = f"is more than the maximum, {readable(column.maximum)}"
        checks.append(pandera.Check.le(high, error=error))
    if column.categories:
        error = f"is none of: {listed(column.categories)}"
        checks.append(pandera.Check.isin(column.categories, error=error))
    return checks


def numbers(cells: "pd.Series[str]") -> "pd.Series[float]":
    """Return text cells as float64; NaN where there is no finite number."""
    values = pd.to_numeric(cells, errors="coerce").astype("float64")
    return values.where(values.abs() < float("inf"))


def days(cells: "pd.Series[str]") -> "pd.Series[float]":
    """Return ISO 8601 dates as days since 1970, float64; NaN where there is none.

    A time of day is a part of a day; without a time zone, it is UTC.
    """
    dated = cells.where(cells.str.fullmatch(DATE).fillna(False).astype(bool))
    times = pd.to_datetime(dated, format="ISO8601", utc=True, errors="coerce")
    epoch = pd.Timestamp(0, tz="UTC")
    return (times - epoch).dt.total_seconds() / SECONDS_A_DAY


def described(problems: pd.DataFrame) -> list[str]:
    """Return a line for each problem, not too many of them."""
    lines = [
        f"row {problem.row}, {problem.column}: {problem.reason}"
        for problem in problems.head(SHOWN).itertuples()
    ]
    return [*lines, *more(range(len(problems)))]


def put_aside(path: Path, raw: pd.DataFrame, problems: pd.DataFrame) -> None:
    """Write bad rows as they are to a CSV file, with row number and reasons."""
    texts = problems["column"] + ": " + problems["reason"]
    reasons = texts.groupby(problems["row"]).agg("; ".join)
    bad = raw.loc[reasons.index]
    bad.insert(0, "reasons", reasons, allow_duplicates=True)
    write_whole(path, lambda file: bad.to_csv(file, lineterminator="\n"))
