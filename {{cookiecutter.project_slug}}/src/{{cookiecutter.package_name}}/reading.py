"""Read parts of a table, with a type for each column and the row of every mistake.

CSV is parsed by Arrow: on one core about twice as fast as by pandas.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyarrow import csv, parquet

from .chunks import TEST, File, Piece, Split, Table
from .datasets import DataError

Kind = Literal["number", "text"]

SAMPLE_ROWS = 100_000
SAMPLE_PIECES = 32  # at most; bounds the memory where rows are long
TYPES: dict[Kind, pa.DataType] = {"number": pa.float64(), "text": pa.string()}
# The cells that pandas.read_csv takes for missing values unless told otherwise.
MISSING = [
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"),
    *("1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
]


def read_pieces(
    file: File, pieces: Sequence[Piece], kinds: Mapping[str, Kind]
) -> pd.DataFrame:
    """Read some pieces of a file, with one thread.

    Args:
        file: From `open_table`.
        pieces: At least one.
        kinds: The columns to read, in the order they are to have.

    Returns:
        A row for each record: float64 for numbers, str for texts, NaN where a cell is
        one of `MISSING`. The index holds the numbers of the rows.

    Raises:
        DataError: As `read_arrow`, and if a number is infinite.
    """
    frame: pd.DataFrame = read_arrow(file, pieces, kinds).to_pandas(use_threads=False)
    frame.index = pd.Index(row_numbers(pieces))
    refuse_infinite(file, frame)
    return frame


def refuse_infinite(file: File, frame: pd.DataFrame) -> None:
    """Raise a DataError if a number is infinite: no estimator takes it."""
    for name in frame.select_dtypes(np.float64):
        infinite = np.isinf(frame[name].to_numpy())
        if infinite.any():
            row = frame.index[infinite][0]
            raise DataError(
                f"{file.path}: row {row}, column {str(name)!r}: "
                f"{frame[name].loc[row]} is not a finite number"
            )


def row_numbers(pieces: Sequence[Piece]) -> npt.NDArray[np.int64]:
    """Return the numbers of all rows in some pieces."""
    return np.concatenate(
        [np.arange(p.first_row, p.first_row + p.rows) for p in pieces]
    )


def read_arrow(
    file: File, pieces: Sequence[Piece], kinds: Mapping[str, Kind]
) -> pa.Table:
    """Read some pieces of a file as `read_pieces` does, but leave them to Arrow.

    Raises:
        DataError: If a column is missing, a cell is not of its kind, a record is longer
            or shorter than the header (each names the row), or the file is no longer
            the one that was scanned.
    """
    missing = [name for name in kinds if name not in file.columns]
    if missing:
        raise DataError(
            f"{file.path}: no column {', '.join(map(repr, missing))}; "
            f"there are {', '.join(map(repr, file.columns))}"
        )
    read = read_csv_piece if file.path.suffix == ".csv" else read_parquet_piece
    try:
        tables = [read(file, piece, kinds) for piece in pieces]
        status = file.path.stat()
    except OSError as error:
        raise DataError(f"{file.path}: {error.strerror or error}") from error
    if (status.st_size, status.st_mtime_ns) != file.state:
        raise DataError(f"{file.path}: the file was changed while it was being read")
    return pa.concat_tables(tables)


def read_csv_piece(file: File, piece: Piece, kinds: Mapping[str, Kind]) -> pa.Table:
    """Read the records of one piece of a CSV file."""
    with file.path.open("rb", buffering=0) as raw:
        raw.seek(piece.start)
        content = raw.read(piece.size)
    try:
        table = csv.read_csv(
            pa.py_buffer(content),
            csv.ReadOptions(
                use_threads=False,
                block_size=piece.size
                + 1,  # one block: errors count rows from its start
                column_names=file.columns,
            ),
            csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            csv.ConvertOptions(
                include_columns=list(kinds),
                column_types={name: TYPES[kind] for name, kind in kinds.items()},
                null_values=MISSING,
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise DataError(f"{file.path}: {explain(str(error), file, piece)}") from error
    if table.num_rows != piece.rows:
        raise DataError(
            f"{file.path}: rows {piece.first_row} to {piece.first_row + piece.rows - 1}"
            ": a quote inside a cell that is not quoted itself; write such a cell in "
            'quotes and the quote twice: "5"" pipe"'
        )
    return table


def explain(message: str, file: File, piece: Piece) -> str:
    """Say in our words, and with the row of the file, what Arrow found."""
    column = re.search(r"In CSV column #(\d+)", message)
    row = re.search(r"Row #(\d+): (.*)", message, re.DOTALL)
    if not row:
        return f"rows from {piece.first_row}: {message}"
    where = f"row {piece.first_row + int(row[1]) - 1}"
    if column:
        where += f", column {file.columns[int(column[1])]!r}"
    cell = re.search(r"error to double: invalid value '(.*)'", row[2], re.DOTALL)
    length = re.search(r"Expected (\d+) columns, got (\d+)", row[2])
    if cell:
        return f"{where}: {cell[1]!r} is not a number"
    if length:
        return f"{where}: {length[2]} cells, expected {length[1]}"
    return f"{where}: not UTF-8 text" if "UTF8" in row[2] else f"{where}: {row[2]}"


def read_parquet_piece(file: File, piece: Piece, kinds: Mapping[str, Kind]) -> pa.Table:
    """Read one row group of a Parquet file."""
    with parquet.ParquetFile(file.path) as reader:
        group = reader.read_row_group(piece.start, list(kinds), use_threads=False)
    columns: list[Any] = []
    for name, kind in kinds.items():
        try:
            columns.append(group[name].cast(TYPES[kind], safe=False))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f"{file.path}: rows from {piece.first_row}, column {name!r}: "
                f"{group[name].type} cannot be read as a {kind} ({error})"
            ) from error
    return pa.table(columns, names=list(kinds))


def sample_rows(
    table: Table,
    split: Split,
    columns: Sequence[str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    rows: int = SAMPLE_ROWS,
    of_test: bool = False,
) -> pd.DataFrame:
    """Draw rows from all over a table: none of them a test row, or all of them.

    Args:
        table: From `open_table`.
        split: Which rows are for the test; its seed also decides the draw.
        columns: The columns to read; all if None.
        kinds: What is known of them; the kind of the others is guessed.
        rows: How many rows at most.
        of_test: Whether to draw test rows.

    Returns:
        float64 and str columns; the index holds the numbers of the rows. All training
        and validation rows (or test rows), if they are no more than `rows` in
        `SAMPLE_PIECES` pieces.

    Raises:
        DataError: If the file cannot be read, or no rows are left.
    """
    names = table.file.columns if columns is None else columns
    known = dict(kinds or {})
    texts: dict[str, Kind] = {name: known.get(name, "text") for name in names}
    random = np.random.default_rng(split.seed)
    count = min(SAMPLE_PIECES, len(table.pieces))
    drawn = np.sort(random.choice(len(table.pieces), count, replace=False))
    limit = -(-rows // count)  # rounded up
    tables, numbers = [], []
    for piece in (table.pieces[number] for number in drawn):
        part = read_arrow(table.file, [piece], texts)
        tested = split.parts(row_numbers([piece])) == TEST
        chosen = np.flatnonzero(tested == of_test)
        if len(chosen) > limit:
            chosen = np.sort(random.choice(chosen, limit, replace=False))
        tables.append(part.take(chosen))
        numbers.append(piece.first_row + chosen)
    sample = pa.concat_tables(tables)
    if not sample.num_rows:
        what = "test" if of_test else "train"
        raise DataError(f"{table.file.path}: no rows to {what} on")
    typed = [
        cells if name in known else as_numbers(cells)
        for name, cells in zip(names, sample.columns, strict=True)
    ]
    frame: pd.DataFrame = pa.table(typed, list(names)).to_pandas(use_threads=False)
    frame.index = pd.Index(np.concatenate(numbers))
    refuse_infinite(table.file, frame)
    return frame


def as_numbers(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts as numbers if all are numbers or missing, and any is a number."""
    try:
        numbers = cells.cast(pa.float64())
    except pa.ArrowInvalid:
        return cells
    return numbers if numbers.null_count < len(numbers) else cells


def kinds_of(frame: pd.DataFrame) -> dict[str, Kind]:
    """Return the kind of each column of a sample."""
    return {
        str(name): "number" if frame[name].dtype == np.float64 else "text"
        for name in frame
    }
