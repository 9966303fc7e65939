"""Tables larger than memory: where a CSV or Parquet file can be cut.

One scan finds where records end, so that any process can read any part on its own. No
cell is looked at here; `reading` does that.

Rows are numbered as a spreadsheet numbers them: the header is row 1, the first record
row 2. A Parquet file has no header, but is numbered alike.
"""

import csv
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from .datasets import DataError

FIRST_ROW = 2
TRAIN, VALIDATION, TEST = 0, 1, 2
CHUNK_BYTES = 8 << 20
PIECES = 16  # of a chunk; each comes from another place in the file
MAX_RECORD = 16 << 20  # bytes; beyond that, a quote was forgotten
NEWLINE, QUOTE = b'\n"'
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Piece(NamedTuple):
    """Whole records that stand together in a file.

    Attributes:
        start: The first byte in a CSV file; the number of the row group in Parquet.
        size: The number of bytes, uncompressed.
        first_row: The number of the first record, from `FIRST_ROW`.
        rows: The number of records, at least 1.
    """

    start: int
    size: int
    first_row: int
    rows: int


@dataclass(frozen=True)
class File:
    """A file as it was when it was scanned: enough to read a piece of it.

    Attributes:
        path: A .csv or .parquet file.
        columns: The names of all columns, in their order.
        state: Its size in bytes and the time of its last change, in ns.
    """

    path: Path
    columns: tuple[str, ...]
    state: tuple[int, int]


@dataclass(frozen=True)
class Table:
    """A file and where it can be cut.

    Attributes:
        file: What a reader needs to know.
        rows: The number of records.
        pieces: All of it, in order. A record is in exactly one piece.
        chunk_bytes: About how much of the file is read at once.
    """

    file: File
    rows: int
    pieces: tuple[Piece, ...]
    chunk_bytes: int

    def chunks(self, order: Iterable[int] | None = None) -> Iterator[tuple[Piece, ...]]:
        """Put pieces together to chunks of `chunk_bytes` or little more.

        Args:
            order: The numbers of the pieces to take; all as they stand if None.
        """
        chunk: list[Piece] = []
        for number in range(len(self.pieces)) if order is None else order:
            chunk.append(self.pieces[number])
            if sum(piece.size for piece in chunk) >= self.chunk_bytes:
                yield tuple(chunk)
                chunk = []
        if chunk:
            yield tuple(chunk)


@dataclass(frozen=True)
class Split:
    """Which rows are for training, validation and test.

    Each row is drawn on its own, from the seed and its number and nothing else: the
    draw is the same however the file is cut, and needs no memory.

    Attributes:
        seed: Of the draw.
        test: The probability of a test row, in [0, 1].
        validation: The probability of a validation row, in [0, 1 - test].
    """

    seed: int
    test: float = 0.0
    validation: float = 0.0

    def parts(self, rows: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """Return `TRAIN`, `VALIDATION` or `TEST` for each number of a row, (n,)."""
        drawn = splitmix64(self.seed, rows)
        limits = [self.test, self.test + self.validation]
        return np.array([TEST, VALIDATION, TRAIN])[
            np.searchsorted(limits, drawn, side="right")
        ]


def splitmix64(
    seed: int, positions: npt.NDArray[np.integer]
) -> npt.NDArray[np.float64]:
    """Return the outputs of a generator at some positions, without those before them.

    Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014,
    https://doi.org/10.1145/2660193.2660195; the constants are those of Vigna's
    https://prng.di.unimi.it/splitmix64.c.

    Args:
        seed: The generator's state at the start.
        positions: (n,), from 0.

    Returns:
        (n,), uniform in [0, 1): the upper 53 bits of each output.
    """
    state = np.uint64(seed % 2**64) + (
        positions.astype(np.uint64) + np.uint64(1)
    ) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def open_table(path: Path, chunk_bytes: int = CHUNK_BYTES) -> Table:
    """Scan a file for places to cut it.

    A CSV file is read once from end to end, in one buffer; of a Parquet file only the
    metadata are. A Parquet row group is never cut, so its size bounds the memory that
    reading takes.

    Args:
        path: A .csv file (UTF-8, commas, a header, cells with newlines in double
            quotes as in RFC 4180) or a .parquet file.
        chunk_bytes: About how much of it is to be read at once.

    Raises:
        DataError: If the file is missing, of another kind, empty, has no records, has
            two columns of one name, or a quote that is not closed.
    """
    try:
        if path.suffix == ".csv":
            with path.open("rb") as file:
                columns, pieces = scan_csv(path, file, max(1, chunk_bytes // PIECES))
                status = os.fstat(file.fileno())
        elif path.suffix == ".parquet":
            with parquet.ParquetFile(path) as reader:
                columns, pieces = scan_parquet(reader)
            status = path.stat()
        else:
            raise DataError(f"{path}: expected a .csv or .parquet file")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error
    except pa.ArrowInvalid as error:
        raise DataError(f"{path}: {error}") from error
    if not pieces:
        raise DataError(f"{path}: no rows")
    twice = {repr(name) for name in columns if columns.count(name) > 1}
    if twice:
        raise DataError(f"{path}: more than one column is called {', '.join(twice)}")
    known = File(path, tuple(columns), (status.st_size, status.st_mtime_ns))
    return Table(known, sum(p.rows for p in pieces), tuple(pieces), chunk_bytes)


def scan_csv(
    path: Path, file: BinaryIO, piece_bytes: int
) -> tuple[list[str], list[Piece]]:
    """Find the columns of a CSV file, and pieces of about `piece_bytes`.

    A newline ends a record if the quotes before it are even in number; a quote inside a
    quoted cell is written twice and changes nothing. Each piece starts at a record, so
    the count starts anew.
    """
    if file.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
        file.seek(0)
    start, end = file.tell(), end_of_records(file)
    buffer = np.empty(piece_bytes, np.uint8)
    columns: list[str] = []
    pieces: list[Piece] = []
    row = FIRST_ROW
    while start < end:
        file.seek(start)
        wanted = min(len(buffer), end - start)
        file.readinto(buffer[:wanted])  # type: ignore[attr-defined]
        ends = record_ends(buffer[:wanted], last=start + wanted == end)
        if not len(ends):
            if start + wanted == end or wanted >= MAX_RECORD:
                raise DataError(f"{path}: row {row}: a quote that is not closed")
            buffer = np.empty(2 * len(buffer), np.uint8)
        elif not columns:
            columns = parse_header(path, buffer[: ends[0]].tobytes())
            start += int(ends[0])
        else:
            pieces.append(Piece(start, int(ends[-1]), row, len(ends)))
            row += len(ends)
            start += int(ends[-1])
    if not columns:
        raise DataError(f"{path}: the file is empty")
    return columns, pieces


def end_of_records(file: BinaryIO) -> int:
    """Return where the last record ends: blank lines at the end are none."""
    start = file.tell()
    end = file.seek(0, os.SEEK_END)
    while end > start:
        file.seek(max(start, end - 4096))
        tail = file.read(end - file.tell())
        end -= len(tail) - len(tail.rstrip(b"\r\n"))
        if tail.rstrip(b"\r\n"):
            break
    return end


def record_ends(
    content: npt.NDArray[np.uint8], last: bool
) -> npt.NDArray[np.intp] | range:
    """Return where records end, as offsets of what follows them.

    Args:
        content: uint8 (n,), from the start of a record.
        last: Whether the last record ends with the content, without a newline.
    """
    ends = np.flatnonzero(content == NEWLINE) + 1
    quotes = np.flatnonzero(content == QUOTE)
    if len(quotes):
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
    if last and len(quotes) % 2 == 0:
        ends = np.append(ends, len(content))
    return ends


def parse_header(path: Path, record: bytes) -> list[str]:
    """Return the names of the columns.

    Raises:
        DataError: If they are not UTF-8.
    """
    try:
        text = record.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: row 1: not UTF-8 text ({error})") from error
    return next(csv.reader([text]))


def scan_parquet(reader: parquet.ParquetFile) -> tuple[list[str], list[Piece]]:
    """Return the columns and row groups of a Parquet file."""
    pieces = []
    row = FIRST_ROW
    for number in range(reader.metadata.num_row_groups):
        group = reader.metadata.row_group(number)
        if group.num_rows:
            pieces.append(Piece(number, group.total_byte_size, row, group.num_rows))
        row += group.num_rows
    return list(reader.schema_arrow.names), pieces
