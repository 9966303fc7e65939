"""Tables: read, split, and refuse what no model can learn from.

Everything here works with pandas and knows nothing of a model. What a column holds is
the schema's business (schema.py): here every cell is text or missing, whatever the file
was, so that a column cannot be read as numbers one day and as text the next.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyarrow import csv, parquet

from .datasets import DataError
from .inputs import Task
from .reading import MISSING

FIRST_ROW = 2  # as in a spreadsheet: the header is row 1
SHOWN = 10  # rows that a message names at most


def get_data(path: Path, cols_to_drop: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table from a file.

    Args:
        path: A .csv or .csv.gz file with a header, UTF-8, separated by commas and
            quoted with `"`; or a .parquet file.
        cols_to_drop: Columns to leave out.

    Returns:
        Text in every cell, or NaN where there is no value (see `reading.MISSING`). The
        index counts as a spreadsheet does, for messages: the first row below the
        header is row 2, also for Parquet.

    Raises:
        DataError: If the file is missing, is of another kind, cannot be parsed or
            has no rows, or if a column has no name, the name of another one, or is
            to be dropped and not there.
    """
    try:
        table = read_parquet(path) if path.suffix == ".parquet" else read_csv(path)
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file") from error
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: {error}") from error
    names = table.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "" in names:
        what = f"{len(twice)} names twice: {listed(twice)}" if twice else "no name"
        raise DataError(f"{path}: a header must name every column once; it has {what}")
    absent = [column for column in cols_to_drop if column not in names]
    if absent:
        raise DataError(
            f"{path}: no column {listed(absent)} to drop; there are {listed(names)}"
        )
    if table.num_rows == 0:
        raise DataError(f"{path}: there is a header, and no row below it")
    frame: pd.DataFrame = table.drop_columns(list(cols_to_drop)).to_pandas()
    frame.index = pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(frame), name="row")
    return frame


def read_csv(path: Path) -> pa.Table:
    """Read a CSV file as text; rows with more or fewer cells than the header are named.

    Raises:
        DataError: If there are such rows.
    """
    ragged: list[str] = []

    def note(row: csv.InvalidRow) -> str:
        ragged.append(
            f"row {row.number}: {row.actual_columns} cells, expected "
            f"{row.expected_columns}"
        )
        return "skip"

    skip = csv.ParseOptions(
        newlines_in_values=True, invalid_row_handler=lambda row: "skip"
    )
    with csv.open_csv(path, parse_options=skip) as start:
        names = start.schema.names
    table = csv.read_csv(
        path,
        # Only one thread knows the numbers of the rows.
        read_options=csv.ReadOptions(use_threads=False),
        parse_options=csv.ParseOptions(
            newlines_in_values=True, invalid_row_handler=note
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=MISSING,
            strings_can_be_null=True,
        ),
    )
    if ragged:
        raise DataError(f"{path}: " + "\n  ".join([*ragged[:SHOWN], *more(ragged)]))
    return table


def read_parquet(path: Path) -> pa.Table:
    """Read a Parquet file and write every value as text, as a CSV file would have it.

    Raises:
        DataError: If a column holds lists or structures.
    """
    # Without the metadata, in which pandas keeps the types that the columns had.
    table = parquet.read_table(path).replace_schema_metadata()
    for number, field in enumerate(table.schema):
        kind = field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind):
            raise DataError(f"{path}: {field.name} holds {kind}, not one value a row")
        column = table.column(number).cast(kind).cast(pa.string())
        table = table.set_column(number, field.name, column)
    return table


def refuse_useless(frame: pd.DataFrame, target: str, where: str) -> None:
    """Refuse a table that nothing can be learned from.

    Args:
        frame: The table.
        target: The column to predict.
        where: What the message calls the table.

    Raises:
        DataError: If it lacks the target, has no other column, or a column has the
            same value in every row, or none.
    """
    if target not in frame.columns:
        raise DataError(
            f"{where} has no column {target!r} to predict; there are "
            f"{listed(list(frame.columns))}"
        )
    if frame.shape[1] < 2:
        raise DataError(f"{where} has no column beside {target!r} to predict it from")
    values = {str(name): frame[name].nunique() for name in frame}
    if values[target] < 2:
        raise DataError(
            f"{where}: {target!r} has {values[target]} value(s); a model has to tell "
            "two at least apart"
        )
    empty = [name for name, count in values.items() if count == 0]
    constant = [
        name
        for name, count in values.items()
        if count == 1 and frame[name].notna().all()
    ]
    if empty or constant:
        names = empty + constant
        raise DataError(
            f"{where}: nothing can be learned from columns without any value "
            f"({listed(empty)}) or with one for all rows ({listed(constant)}); "
            f"leave them out with --drop {','.join(names)}"
        )


def split_data(
    frame: pd.DataFrame, target: str, task: Task, test_fraction: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a table, keeping the share of each class.

    Args:
        frame: The table.
        target: The column to predict.
        task: Whether that is a class.
        test_fraction: In (0, 1).
        seed: Decides which rows go where.

    Returns:
        `(training, test)`, each in the order of the file.

    Raises:
        DataError: If there are too few rows, or too few of a class.
    """
    from sklearn import model_selection

    labels = frame[target] if task == "classification" else None
    if labels is not None:
        counts = labels.value_counts()
        few = [f"{name} ({count})" for name, count in counts.items() if count < 2]
        if few:
            raise DataError(
                f"too few rows to train and to test on of {target} {listed(few)}; "
                "add rows, or leave these out"
            )
    try:
        training, test = model_selection.train_test_split(
            frame, test_size=test_fraction, stratify=labels, random_state=seed
        )
    except ValueError as error:
        raise DataError(f"cannot split {len(frame)} rows: {error}") from error
    return training.sort_index(), test.sort_index()


def encode_labels(
    labels: "pd.Series[str]", classes: Sequence[str]
) -> npt.NDArray[np.int64]:
    """Return the number of each label, 0 to n - 1, in the order of `classes`.

    Raises:
        DataError: If a label is none of them.
    """
    from sklearn.preprocessing import LabelEncoder

    unknown = sorted(set(labels) - set(classes))
    if unknown:
        raise DataError(f"{listed(unknown)} is none of the classes {listed(classes)}")
    encoder = LabelEncoder().fit(list(classes))
    encoded: npt.NDArray[np.int64] = encoder.transform(labels.to_numpy(dtype=object))
    return encoded


def listed(names: Collection[str]) -> str:
    """Return names for a message: comma-separated, not too many of them."""
    return ", ".join([*map(str, list(names)[:SHOWN]), *more(names)]) or "none"


def more(items: Collection[object]) -> list[str]:
    """Return what a list says in place of the items that it leaves out."""
    left = len(items) - SHOWN
    return [f"and {left:,} more"] if left > 0 else []
