"""Rows of the server's request log (serving/request_log.py), the newest first."""

import json
import sqlite3
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .drift import Array
from .labels import Key
from .reference import WatchError

SELECT = """
select request, feeds, outputs from requests
where version = ? and time >= ? order by number desc
"""


class Logged(NamedTuple):
    """Rows that were asked for, and answered.

    Attributes:
        feeds: As `rows.input_variables` takes them. Inputs that are masked are not
            there; those that were for a time have fewer rows.
        outputs: float64 (n,) or (n, k).
        keys: Which row each is.
    """

    feeds: dict[str, Array]
    outputs: Array
    keys: list[Key]


def read_log(path: Path, version: int, most: int, hours: float | None = None) -> Logged:
    """Read the newest rows of a version.

    Args:
        path: The database.
        version: The version.
        most: How many rows to read at most; of a request, all or none.
        hours: How far back to read; all of it if not given.

    Raises:
        WatchError: If there is no such log, it is none, or it has no such row.
    """
    require_log(path)
    since = 0.0 if hours is None else time.time() - hours * 3600
    feeds: dict[str, list[Array]] = defaultdict(list)
    outputs: list[Array] = []
    keys: list[Key] = []
    try:
        with closing(sqlite3.connect(path)) as database:
            for request, asked, answered in database.execute(SELECT, (version, since)):
                values = np.array(json.loads(answered), dtype=np.float64)
                if keys and len(keys) + len(values) > most:
                    break
                outputs.append(values)
                keys += [(request, row) for row in range(len(values))]
                for name, tensor in json.loads(asked).items():
                    feeds[name].append(as_array(tensor))
    except (sqlite3.Error, ValueError) as error:
        raise WatchError(f"{path} is no request log: {error}") from error
    if not keys:
        raise WatchError(
            f"{path} has no request of version {version}"
            + (f" in the last {hours:g} hours" if hours else "")
        )
    joined = {name: np.concatenate(parts) for name, parts in feeds.items()}
    return Logged(joined, np.concatenate(outputs), keys)


def require_log(path: Path) -> None:
    """Refuse a log that is not there, which SQLite would make.

    Raises:
        WatchError: If there is no such file.
    """
    if not path.is_file():
        raise WatchError(
            f"{path}: there is no request log; serve with --request-log {path} first"
        )


def as_array(tensor: object) -> Array:
    """Return a tensor of the log: numbers, null for NaN; or texts."""
    values = np.array(tensor, dtype=object)
    texts = any(isinstance(value, str) for value in values.ravel())
    return values if texts else values.astype(np.float64)
