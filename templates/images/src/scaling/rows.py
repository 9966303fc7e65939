"""What `scoring` knows of images: which files, their rows, which of them are bad."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyarrow import parquet

from ..adapter import Inputs
from ..config import DataError
from ..pictures import picture_files, read_picture

FILE_ROWS, FIRST_ROW = 10**9, 0
CHUNK_ROWS = 2_000  # read at once
SUFFIXES = (".csv", ".parquet")  # an image a row


def find_files(path: Path) -> list[Path]:
    """Return the tables at a path, or the path itself if there are pictures."""
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [f for f in found if f.suffix in SUFFIXES] or [path]


def read_file(
    path: Path, inputs: Inputs, drop: Sequence[str]
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a table, or the paths of pictures; a DataError: of neither."""
    if path.suffix not in SUFFIXES:
        paths = pd.DataFrame({"path": map(str, picture_files(path))})
        for start in range(0, len(paths), CHUNK_ROWS):
            yield paths[start : start + CHUNK_ROWS].copy()
        return
    try:
        if path.suffix == ".csv":
            frames: Any = pd.read_csv(path, chunksize=CHUNK_ROWS, low_memory=False)
        else:
            batches = parquet.ParquetFile(path).iter_batches(CHUNK_ROWS)
            frames = (batch.to_pandas() for batch in batches)
        for frame in frames:
            frame = frame.drop(columns=list(drop))
            if len(frame.columns) != (size := np.prod(inputs.shape)):
                raise ValueError(f"{len(frame.columns)} columns are not {size} pixels")
            yield frame
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: {error}") from error


def check(
    frame: pd.DataFrame, inputs: Inputs
) -> tuple[np.ndarray[Any, Any], pd.DataFrame, dict[int, str]]:
    """Return images as a model takes them, what goes beside, why some are bad."""
    bad: dict[int, str] = {}
    if "path" not in frame:
        pixels = frame.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
        good = (pixels >= 0) & (pixels <= inputs.max_value)
        for place in np.flatnonzero(~good.all(axis=1)):
            pixel = int(good[place].argmin())
            told = f"must be a number from 0 to {inputs.max_value:g}, is"
            told = f"{frame.columns[pixel]}: {told} {frame.iat[place, pixel]}"
            bad[int(frame.index[place])] = told
        return pixels.reshape(-1, *inputs.shape), frame[[]], bad
    images = np.zeros((len(frame), *inputs.shape))
    for number, (row, path) in enumerate(frame["path"].items()):
        try:
            images[number] = read_picture(Path(path), inputs.shape, inputs.scaled)
        except DataError as error:
            bad[row] = f"{path}: {error}"
    return images * (inputs.max_value / 255), frame[["path"]], bad
