"""Files of requests: what is in them, and how some are added.

A file is written anew when something is added, as Parquet has no other way, and takes
the old one's place when it is complete. It is read and written in parts.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from ..files import write_whole
from .columns import OWN, PREDICTION, Column, Kinds, Request, columns_of, schema_of
from .reference import WatchError

# Characters of JSON that are parsed at once, or bytes of a file that are read at once;
# in memory, they are several times as much.
PART = 4 << 20
MOST_ROWS = 65_536  # of a part

Requests = Callable[[], Iterable[Request]]


def add(file: Path, requests: Requests, kinds: Kinds) -> int:
    """Add requests to a file; whoever reads it sees it as it was, or with all of them.

    Args:
        file: Made when missing, with its folder.
        requests: Called twice: for their columns, then for what is in them.
        kinds: The types of the columns in other files.

    Returns:
        How many rows were added; with none, the file is left alone.

    Raises:
        WatchError: If a column has another type in other files or requests.
        ValueError: If a request is not JSON, or its inputs differ in rows.
        OSError: If the file cannot be written.
    """
    columns = file_columns(file)
    rows = sum(kinds.add_request(request, columns) for request in requests())
    if not rows:
        return 0
    schema = schema_of(columns)

    def write(temporary: Path) -> None:
        with parquet.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for part in read(file):
                writer.write_batch(fitted(part, schema))
            for part in parts(requests(), schema):
                writer.write_batch(part)

    write_whole(file, write)
    return rows


def file_columns(file: Path) -> dict[str, Column]:
    """Return the columns that not every file has; none if there is no such file.

    Raises:
        WatchError: If it is none of those that are written here.
    """
    if not file.exists():
        return {}
    with opened(file) as reader:
        return columns_of(reader.schema_arrow)


def keys(file: Path) -> Iterator[list[tuple[int, int]]]:
    """Yield numbers and times of the requests in a file, if there is one."""
    for part in read(file, ["number", "time"]):
        times = part["time"].cast(pa.int64())
        yield list(zip(part["number"].to_pylist(), times.to_pylist(), strict=True))


def opened(file: Path) -> parquet.ParquetFile:
    """Open a file.

    Raises:
        WatchError: If it is none of those that are written here.
    """
    try:
        reader = parquet.ParquetFile(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise WatchError(f"{file} cannot be read: {error}; move it away") from error
    missing = sorted({*OWN, PREDICTION} - {*reader.schema_arrow.names})
    if missing:
        reader.close()
        raise WatchError(
            f"{file} has no column {', '.join(missing)}: something else has written "
            "it; name another folder with --to"
        )
    return reader


def read(file: Path, names: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file, if there is one, in parts."""
    if not file.exists():
        return
    with opened(file) as reader:
        facts = reader.metadata
        groups = map(facts.row_group, range(facts.num_row_groups))
        size = sum(group.total_byte_size for group in groups)
        rows = min(MOST_ROWS, max(1, PART * facts.num_rows // max(1, size)))
        yield from reader.iter_batches(rows, columns=names)


def parts(requests: Iterable[Request], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows of requests in parts; a request is never cut."""
    values: dict[str, list[Any]] = {name: [] for name in schema.names}
    size = 0
    for request in requests:
        tensors = request.tensors()
        rows = len(tensors[PREDICTION])
        found: dict[str, list[Any]] = dict.fromkeys(values, [None] * rows)
        told = request._asdict()
        found.update({name: [told.get(name)] * rows for name in OWN})
        found.update(tensors, row=list(range(rows)))
        for name, column in found.items():
            values[name].extend(column)
        size += len(request.feeds) + len(request.outputs)
        if size >= PART or len(values["row"]) >= MOST_ROWS:
            yield pa.RecordBatch.from_pydict(values, schema=schema)
            values, size = {name: [] for name in schema.names}, 0
    if size:
        yield pa.RecordBatch.from_pydict(values, schema=schema)


def fitted(part: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return rows with all columns of a schema; those that they lack are empty."""
    names = {*part.schema.names}
    arrays = [
        part[field.name] if field.name in names else pa.nulls(len(part), field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
