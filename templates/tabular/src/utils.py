"""Tables: where they come from, and reading them, whole or in chunks.

Yours: `NAMED`, if a table of yours is to have a short name; what columns may hold is
said in configs/schemas/. Every row has a number, its index in a frame: as in a
spreadsheet, the header is row 1. Of several files, the rows of each are counted from a
multiple of `FILE_ROWS` on.
"""

import hashlib
import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from glob import escape, glob
from pathlib import Path
from typing import Any

import pandas as pd

from .adapter import Inputs
from .config import DataError, Reading
from .files import write_text
from .schema import blank, check

logger = logging.getLogger(__name__)

# The tables that come with scikit-learn: what their target is called, and the task.
NAMED = {
    "breast_cancer": ("diagnosis", "classification"),
    "wine": ("cultivar", "classification"),
    "iris": ("species", "classification"),
    "diabetes": ("progression", "regression"),
}
SUFFIXES = (".csv", ".csv.gz", ".parquet", ".xlsx")
FIRST_ROW, FILE_ROWS = 2, 10**9
CHUNK_ROWS = 50_000  # read at once
SHOWN = 10  # bad rows that a message names


def get_data(path: str | Path, cols_to_drop: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table, with the types that pandas finds, or the file has.

    Args:
        path: A path or URL of a .csv, .csv.gz, .parquet or .xlsx file; a folder of
            such files, or a pattern such as 2024-*.csv; or a key of `NAMED`.
        cols_to_drop: Columns to leave out.

    Raises:
        DataError: If it cannot be read, has no rows, or lacks a column to drop.
    """
    chunks = read_chunks(find_data(str(path)), Reading())
    frame = joined(chunks, path).reset_index(drop=True)
    if any(isinstance(each, pd.ArrowDtype) for each in frame.dtypes):
        import pyarrow as pa

        frame = pa.Table.from_pandas(frame).to_pandas(ignore_metadata=True)  # for NumPy
    try:
        return frame.drop(columns=list(cols_to_drop))
    except KeyError as error:
        raise DataError(f"{path}: {error}; there are {list(frame)}") from error


def joined(chunks: Iterable[pd.DataFrame], path: str | Path) -> pd.DataFrame:
    """Return all chunks as one table; a DataError says that there is none."""
    if parts := [chunk for chunk in chunks if len(chunk)]:
        return pd.concat(parts)
    raise DataError(f"{path}: there are no rows, or no good ones")


def find_data(
    data: str, data_dir: Path = Path("data"), sha256: str | None = None
) -> Path:
    """Return the file, folder or pattern that a setting `data` names.

    A table of `NAMED` is written to data/raw/ and a URL downloaded to there, so that
    both go the way of any other file. A DataError says that it cannot be had, or has
    another SHA-256.
    """
    raw, path = data_dir / "raw", Path(data)
    if data in NAMED:
        path = raw / f"{data}.csv"
        if not path.exists():
            write_text(path, load_named(data).to_csv(index=False, lineterminator="\n"))
    elif data.startswith(("http://", "https://")):
        import pooch

        key = hashlib.sha256(data.encode()).hexdigest()[:8]  # many are called data.csv
        name = f"{key}-{data.rpartition('/')[2]}"
        try:
            path = Path(pooch.retrieve(data, None, name, raw))
        except (OSError, ValueError) as error:
            raise DataError(f"cannot download {data}: {error}") from error
    if not files_of(path):
        raise DataError(
            f"{data} is no file, folder or pattern of {', '.join(SUFFIXES)} files, no "
            f"URL and none of {', '.join(NAMED)}"
        )
    if sha256 and sha256_of(path) != sha256:
        raise DataError(f"{path} has the SHA-256 {sha256_of(path)}, not {sha256}")
    return path


def load_named(name: str) -> pd.DataFrame:
    """Load a table that comes with scikit-learn, the target last, classes by name."""
    from sklearn import datasets

    target, task = NAMED[name]
    unscaled = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{name}")(as_frame=True, **unscaled)
    known = bunch.target
    if task == "classification":
        known = bunch.target_names[known]
    frame: pd.DataFrame = bunch.data.assign(**{target: known})
    return frame


def files_of(path: Path) -> list[Path]:
    """Return the tables at a path in order: a file, a folder's or a pattern's."""
    if path.is_dir():
        path = Path(escape(str(path)), "**/*")
    found = [path] if path.is_file() else map(Path, glob(str(path), recursive=True))
    return sorted(file for file in found if file.name.endswith(SUFFIXES))


def sha256_of(*paths: Path) -> str:
    """Return the SHA-256 of a file; of several, that of their hashes, a line each."""
    found = []
    for file in (file for path in paths for file in files_of(path)):
        with file.open("rb") as content:
            found.append(hashlib.file_digest(content, "sha256").hexdigest())
    if len(found) == 1:
        return found[0]
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


def read_chunks(
    path: Path,
    reading: Reading,
    columns: Collection[str] | None = None,
    dtype: Any = None,
) -> Iterator[pd.DataFrame]:
    """Yield the rows of the files at a path, `CHUNK_ROWS` at a time.

    Args:
        path: See `files_of`; a DataError names the file that cannot be read.
        reading: How its cells are written.
        columns: Those to read, as far as they are there; all if None.
        dtype: As `pandas.read_csv` has it: by `str`, "08" does not become 8. Parquet
            columns keep the type that the file declares.
    """
    if not (files := files_of(path)):
        raise DataError(f"{path}: no file that ends in {', '.join(SUFFIXES)}")
    for number, file in enumerate(files):
        first = FIRST_ROW + number * FILE_ROWS
        if file.suffix == ".parquet":
            frames = read_parquet(file, columns)
        else:
            frames = read_texts(file, reading, columns, dtype)
        try:
            for frame in frames:
                if not isinstance(frame.index, pd.RangeIndex):
                    problem = "rows have more cells than the header"
                    raise DataError(f"{problem}; is sep another character?")
                frame.index = pd.RangeIndex(first, first + len(frame), name="row")
                first += len(frame)
                yield frame
        except UnicodeError as error:
            other = "utf-16 if byte 0 is 0xff or 0xfe, or try cp1252"
            message = f"{error}; by `schema`, or in it, set encoding: {other}"
            raise DataError(f"{file}: {message}") from error
        except (OSError, ValueError, LookupError) as error:
            raise DataError(f"{file}: {error}") from error


def read_texts(
    file: Path, reading: Reading, columns: Collection[str] | None, dtype: Any
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a CSV file, or of the first sheet of an Excel file."""
    how = {
        "usecols": None if columns is None else lambda name: name in columns,
        "dtype": dtype,
        "keep_default_na": False,  # NA is Namibia, unless the setting says otherwise
        "na_values": ["", *reading.na_values],
    }
    if file.suffix == ".xlsx":
        yield pd.read_excel(file, **how)
        return
    written = reading.model_dump(include={"sep", "encoding", "decimal"})
    # Without low_memory, a column of a chunk has one type.
    yield from pd.read_csv(
        file, chunksize=CHUNK_ROWS, low_memory=False, **written, **how
    )


def read_parquet(file: Path, columns: Collection[str] | None) -> Iterator[pd.DataFrame]:
    """Yield the rows of a Parquet file; see `read_chunks`."""
    import pyarrow as pa
    from pyarrow import parquet

    def declared(kind: pa.DataType) -> pd.ArrowDtype | None:
        if pa.types.is_floating(kind) or pa.types.is_temporal(kind):
            return None  # NumPy's: null and NaN are one, and arithmetic is quick
        coded = pa.types.is_dictionary(kind)
        return pd.ArrowDtype(kind.value_type if coded else kind)

    with parquet.ParquetFile(file) as reader:
        names = reader.schema_arrow.names
        known = [name for name in names if columns is None or name in columns]
        for batch in reader.iter_batches(CHUNK_ROWS, columns=known):
            yield batch.to_pandas(types_mapper=declared, date_as_object=False)


def read_raw(path: Path, inputs: Inputs) -> Iterator[pd.DataFrame]:
    """Yield the rows of a table as `check` takes them; see `read_chunks`."""
    dtype = {name: str for name, rule in inputs.rules.items() if rule.kind != "number"}
    if inputs.thousands:  # pandas would take the 1,2 of a mistake for 12
        dtype = dict.fromkeys(inputs.rules, str)
    return read_chunks(path, inputs, inputs.rules, dtype)


def read_checked(
    path: Path, inputs: Inputs, target: bool = True, strict: bool = True
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a table with their types; see `read_chunks` and `check`.

    If the target is needed, rows without it are left out, and counted in the log. If
    strict, a DataError names bad rows, or columns that are not there.
    """
    needed = [*inputs.columns, *[inputs.target] * target]
    without = 0
    for raw in read_raw(path, inputs):
        absent = [name for name in needed if name not in raw]
        if strict and absent:
            raise DataError(f"{path}: no column {', '.join(absent)}")
        if target:
            unknown = blank(raw[inputs.target], inputs)
            raw, without = raw[~unknown], without + int(unknown.sum())
        frame, bad = check(raw, inputs, target)
        if strict and bad:
            rows = [f"row {n % FILE_ROWS}, {bad[n]}" for n in list(bad)[:SHOWN]]
            last = raw.index[-1] % FILE_ROWS
            found = f"{path}: {len(bad):,} bad rows up to row {last}:"
            told = "\n  ".join([found, *rows])
            raise DataError(f"{told}\nMend or remove them, or correct the schema")
        yield frame
    if without:
        text = "%s: %d rows without %s are left out"
        logger.warning(text, path, without, inputs.target)
