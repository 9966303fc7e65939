"""The server's request log: rows for `monitor`, and Parquet files that stay.

    <to>/version=1/date=2026-11-21/*.parquet   the requests of a day (UTC)

The log forgets what is too old, or too much; the files do not. `request-log` adds what
they do not have yet, so that cron may repeat it. pandas, DuckDB and Spark read a folder
as one table:

    time, request, row     when, the id of the request, which row of it, from 0
    number                 of the request in its log, which counts anew if it is removed
    ...                    one column an input: double or string; lists of an image
    prediction             double; a list of probabilities of a classification
"""

import json
import sqlite3
from collections.abc import Hashable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import numpy.typing as npt
import pandas as pd

from ..config import ProjectError
from ..files import write_whole
from .settings import ArchiveSettings

Array = npt.NDArray[Any]

AT_ONCE = 2000  # requests in memory, and in a file
KEY = ["number", "time"]  # a log that was begun anew has other times
OWN = ["time", "request", "row", "number"]
TAKEN = {*OWN, "version", "date", "prediction"}
SELECT = """
select number, time, request, version, feeds, outputs from requests
where outputs <> '[]' and version = coalesce(?, version) and time >= ?
"""


class LogError(ProjectError):
    """There is no request log, it is none, or it cannot be kept."""


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a request log, which SQLite would make if it is not there."""
    if not path.is_file():
        advice = f"serve with --request-log {path} first"
        raise LogError(f"{path}: there is no request log; {advice}")
    try:
        with closing(sqlite3.connect(path)) as database:
            yield database
    except (sqlite3.Error, pd.errors.DatabaseError, json.JSONDecodeError) as error:
        raise LogError(f"{path} is no request log: {error}") from error


def read_log(path: Path, version: int, most: int, since: float) -> pd.DataFrame:
    """Return the newest requests of a version, the newest first.

    Args:
        path: The log.
        version: The version.
        most: How many rows to read at most; of a request, all or none.
        since: How old a request may be, in seconds since 1970.

    Returns:
        For each request its id, `request`; `feeds`, arrays by name; and `outputs`.

    Raises:
        LogError: If there is no such log, it is none, or has no such request.
    """
    with opened(path) as database:
        query = f"{SELECT} order by number desc limit ?"
        told = pd.read_sql_query(query, database, params=(version, since, most))
        told["outputs"] = told["outputs"].map(json.loads).map(as_array)
        told["feeds"] = [
            {name: as_array(tensor) for name, tensor in json.loads(feeds).items()}
            for feeds in told["feeds"]
        ]
    if told.empty:
        raise LogError(f"{path} has no request of version {version} in that time")
    return told[(told["outputs"].map(len).cumsum() <= most) | (told.index == 0)]


def as_array(tensor: list[Any]) -> Array:
    """Return a tensor of the log: float64, null for NaN; or texts."""
    values = np.array(tensor, dtype=object)
    texts = any(isinstance(value, str) for value in values.ravel())
    return values if texts else values.astype(np.float64)


def archive(settings: ArchiveSettings) -> Path:
    """Write what the files do not have yet, and return their folder.

    Raises:
        LogError: If there is no such log, it is none, or another run is at it.
    """
    count, query = 0, f"{SELECT} order by number"
    settings.to.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(settings.to / ".lock", timeout=0)
    try:
        with lock, opened(settings.log) as database:
            for requests in pd.read_sql_query(
                query, database, params=(None, 0), chunksize=AT_ONCE
            ):
                times = pd.to_datetime(requests["time"], unit="s", utc=True)
                requests["time"] = times.dt.as_unit("us")  # Spark knows no smaller one
                requests["date"] = times.dt.strftime("%Y-%m-%d")
                for (version, date), part in requests.groupby(["version", "date"]):
                    folder = settings.to / f"version={version}" / f"date={date}"
                    count += add(folder, part)
    except filelock.Timeout as error:
        raise LogError(f"{settings.to}: another run is writing it") from error
    print(f"rows:    {count:,} new ones\nfiles:   {settings.to}")
    return settings.to


def add(folder: Path, requests: pd.DataFrame) -> int:
    """Add the requests that a folder does not have; return how many rows these are."""
    known = [pd.read_parquet(file, columns=KEY) for file in folder.glob("*.parquet")]
    if known:
        there = pd.MultiIndex.from_frame(pd.concat(known))
        requests = requests[~pd.MultiIndex.from_frame(requests[KEY]).isin(there)]
    rows = [row for request in requests.to_dict("records") for row in rows_of(request)]
    if not rows:
        return 0
    table = pd.DataFrame(rows)
    # A number that is missing everywhere is a number all the same.
    others = table.columns.difference(OWN)
    empty = [name for name in others if table[name].isna().all()]
    table = table.astype(dict.fromkeys(empty, float))
    file = folder / f"{rows[0]['number']}-{rows[0]['time']:%H%M%S%f}.parquet"
    write_whole(file, lambda new: table.to_parquet(new, index=False))
    return len(table)


def rows_of(request: dict[Hashable, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a request; an input whose name is taken gets a "_"."""
    feeds, outputs = json.loads(request["feeds"]), json.loads(request["outputs"])
    for number, output in enumerate(outputs):
        row = {name: request[name] for name in ("time", "request", "number")}
        row["row"] = number
        for name, tensor in feeds.items():
            taken = name.rstrip("_").lower() in TAKEN
            row[f"{name}_" if taken else name] = single(tensor[number])
        yield {**row, "prediction": single(output)}


def single(value: Any) -> Any:
    """Return what a list of one number or text holds, as the columns of a table do."""
    one = isinstance(value, list) and len(value) == 1
    return value[0] if one and not isinstance(value[0], list) else value
