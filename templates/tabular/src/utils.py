"""Tables: where they come from, reading them whole or in chunks, splitting them.

Yours: `NAMED`, if a table of yours is to have a short name; what columns may hold is
said in configs/schemas/. Every row has a number, its index in a frame: as in a
spreadsheet, the header is row 1. In a folder, the rows of each file are counted from a
multiple of `FILE_ROWS` on.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from .adapter import Array, Inputs, Labelled
from .config import DataError, FitSettings, Reading
from .files import hashes, write_text
from .schema import check

# The tables that come with scikit-learn: what their target is called, and the task.
NAMED = {
    "breast_cancer": ("diagnosis", "classification"),
    "wine": ("cultivar", "classification"),
    "iris": ("species", "classification"),
    "diabetes": ("progression", "regression"),
}
SUFFIXES = (".csv", ".csv.gz", ".parquet")
FIRST_ROW, FILE_ROWS = 2, 10**9
CHUNK_ROWS = 50_000  # read at once
SAMPLE_ROWS = 20_000  # of a table that exceeds the memory; of its test rows, too
SHOWN = 10  # bad rows that a message names


def get_data(path: str | Path, cols_to_drop: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table, with the types that pandas finds, or the file has.

    Args:
        path: A path or URL of a .csv, .csv.gz or .parquet file; a folder of such files;
            or a key of `NAMED`.
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
    """Return the file or folder that a setting `data` names.

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
    if not path.exists():
        raise DataError(f"{data} is no file, no URL and none of {', '.join(NAMED)}")
    if sha256 and sha256_of(path) != sha256:
        raise DataError(f"{path} has the SHA-256 {sha256_of(path)}, not {sha256}")
    return path


def load_named(name: str) -> pd.DataFrame:
    """Load a table that comes with scikit-learn, the target last, classes by name."""
    from sklearn import datasets

    target, task = NAMED[name]
    unscaled = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{name}")(as_frame=True, **unscaled)
    frame: pd.DataFrame = bunch.data
    if task == "classification":
        return frame.assign(**{target: bunch.target_names[bunch.target]})
    sex = frame["sex"].map({1: "sex1", 2: "sex2"})  # the source does not say which
    return frame.assign(sex=sex, **{target: bunch.target})


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file; of a folder, that of the names and hashes in it."""
    if path.is_dir():
        return hashlib.sha256(json.dumps(hashes(path)).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_chunks(
    path: Path,
    reading: Reading,
    columns: Collection[str] | None = None,
    texts: Collection[str] = (),
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a file, or of all files in a folder, `CHUNK_ROWS` at a time.

    Args:
        path: The file or folder; a DataError names the file that cannot be read.
        reading: How its cells are written.
        columns: Those to read, as far as they are there; all if None.
        texts: Those to keep as a CSV file has them: "08" is not to become 8. Parquet
            columns keep the type that the file declares.
    """
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    files = [file for file in found if file.name.endswith(SUFFIXES)]
    if not files:
        raise DataError(f"{path}: no file that ends in {', '.join(SUFFIXES)}")
    for number, file in enumerate(files):
        first = FIRST_ROW + number * FILE_ROWS
        if file.suffix == ".parquet":
            frames = read_parquet(file, columns)
        else:
            frames = read_csv(file, reading, columns, texts)
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


def read_csv(
    file: Path,
    reading: Reading,
    columns: Collection[str] | None,
    texts: Collection[str],
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a CSV file; see `read_chunks`."""
    yield from pd.read_csv(
        file,
        chunksize=CHUNK_ROWS,
        usecols=None if columns is None else lambda name: name in columns,
        dtype=dict.fromkeys(texts, str),
        keep_default_na=False,  # NA is Namibia, unless the setting says otherwise
        na_values=["", *reading.na_values],
        **reading.model_dump(include={"sep", "encoding", "decimal"}),
        low_memory=False,  # a column of a chunk has one type
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


def read_checked(
    path: Path, inputs: Inputs, target: bool = True, strict: bool = True
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a table with their types; see `read_chunks` and `check`.

    If strict, a DataError names bad rows, or columns that are not there.
    """
    as_text = [name for name, rule in inputs.rules.items() if rule.kind != "number"]
    if inputs.thousands:  # pandas would take the 1,2 of a mistake for 12
        as_text = list(inputs.rules)
    needed = [name for name in inputs.rules if target or name != inputs.target]
    for raw in read_chunks(path, inputs, inputs.rules, as_text):
        absent = [name for name in needed if name not in raw]
        if strict and absent:
            raise DataError(f"{path}: no column {', '.join(absent)}")
        frame, bad = check(raw, inputs, target)
        if strict and bad:
            rows = [f"row {n % FILE_ROWS}, {bad[n]}" for n in list(bad)[:SHOWN]]
            last = raw.index[-1] % FILE_ROWS
            found = f"{path}: {len(bad):,} bad rows up to row {last}:"
            raise DataError(
                "\n  ".join([found, *rows])
                + "\nMend or remove them, or correct the schema"
            )
        yield frame


def load_parts(
    path: Path, inputs: Inputs, settings: FitSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the training rows and the test rows of a table, in the file's order.

    Samples of them, if the table exceeds the memory. A DataError says that rows are
    bad, or too few, of a class too.
    """
    chunks = read_checked(path, inputs)
    if exceeds_memory(path, settings):
        training, test = sample(chunks, settings.test_fraction, settings.seed)
    else:
        from sklearn.model_selection import train_test_split

        frame = joined(chunks, path)
        try:
            training, test = train_test_split(
                frame,
                test_size=settings.test_fraction,
                stratify=frame[inputs.target] if inputs.classes else None,
                random_state=settings.seed,
            )
        except ValueError as error:
            raise DataError(f"{path}: cannot split the rows: {error}") from error
    absent = set(inputs.classes).difference(training.get(inputs.target, ()))
    if absent or test.empty:
        raise DataError(f"{path}: no rows to train on of {sorted(absent)}, or to test")
    return training.sort_index(), test.sort_index()


def exceeds_memory(path: Path, settings: FitSettings) -> bool:
    """Whether a table is larger than the setting `in_memory_mb`."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files) > settings.in_memory_mb * 10**6


def drawn(rows: "pd.Index[int]", seed: int) -> Array:
    """Return a random number in [0, 1) for each row: the same wherever it is read."""
    keys = rows.to_numpy().astype(np.uint64) + np.uint64(seed << 31)
    numbers: Array = pd.util.hash_array(keys) / 2.0**64
    return numbers


def sample(
    chunks: Iterable[pd.DataFrame], test_fraction: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `SAMPLE_ROWS` training rows and as many test rows, from all over it."""
    kept, largest = [pd.DataFrame(), pd.DataFrame()], [1.0, 1.0]
    for chunk in chunks:
        is_test = drawn(chunk.index, seed) < test_fraction
        order = drawn(chunk.index, seed + 1)
        for part, of_part in enumerate((~is_test, is_test)):
            rows = chunk[of_part & (order < largest[part])]
            pool = pd.concat([kept[part], rows]) if len(kept[part]) else rows
            numbers = drawn(pool.index, seed + 1)
            first = np.argsort(numbers, kind="stable")[:SAMPLE_ROWS]
            kept[part] = pool.iloc[first]
            if len(first) == SAMPLE_ROWS:
                largest[part] = numbers[first[-1]]
    return kept[0], kept[1]


def training_chunks(
    path: Path, inputs: Inputs, settings: FitSettings
) -> Iterator[Labelled]:
    """Yield the training rows of a table that exceeds the memory, with their labels."""
    for frame in read_checked(path, inputs):
        is_test = drawn(frame.index, settings.seed) < settings.test_fraction
        yield split_target(frame[~is_test], inputs)


def split_target(frame: pd.DataFrame, inputs: Inputs) -> Labelled:
    """Return rows without the target; and the labels (n,), int64 classes or float64."""
    labels = frame[inputs.target]
    if inputs.classes:
        labels = pd.Series(pd.Categorical(labels, inputs.classes).codes, dtype=np.int64)
    return frame.drop(columns=inputs.target), labels.to_numpy()
