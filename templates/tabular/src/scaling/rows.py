"""What `scoring` knows of tables: which files, their rows, which of them are bad."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from .. import schema, utils
from ..adapter import Inputs, readable
from ..config import DataError
from ..utils import FILE_ROWS, FIRST_ROW

__all__ = ["FILE_ROWS", "FIRST_ROW", "check", "find_files", "read_file"]


def find_files(path: Path) -> list[Path]:
    """Return the files at a path, see `files_of`; a DataError says that none is."""
    if not (found := utils.files_of(path)):
        raise DataError(f"{path}: no file that ends in {', '.join(utils.SUFFIXES)}")
    return found


def read_file(
    path: Path, inputs: Inputs, drop: Sequence[str]
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a file; a DataError says that it has not the columns."""
    for frame in utils.read_raw(path, inputs):
        if absent := [name for name in inputs.columns if name not in frame]:
            raise DataError(f"{path}: no column {', '.join(absent)}")
        yield frame


def check(
    frame: pd.DataFrame, inputs: Inputs
) -> tuple[pd.DataFrame, pd.DataFrame, dict[int, str]]:
    """Return rows as a model takes them, what goes beside, and why some are bad."""
    rows, bad = schema.check(frame, inputs, target=False)
    beside = readable(rows[list(inputs.id_columns)], inputs)
    return rows[list(inputs.columns)], beside, bad
