"""The command `request-log`: the server's request log as Parquet, a file for each day.

<to>/date=2026-11-21/requests.parquet    what was asked and answered on a day (UTC)

The log forgets what is too old, or too much; these files do not, unless somebody
deletes them. A run adds what they do not have yet, so that cron may repeat it.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from ..config import ProjectError
from ..files import locked
from .log import require_log
from .reference import WatchError
from .settings import RequestLogSettings

logger = logging.getLogger(__name__)

FILE = "requests.parquet"
FOLDER = "date=*"
LOCK = ".lock"
EPOCH = date(1970, 1, 1)

# A request is told by its number and its time: a log that was begun anew counts from 1
# again, but at another time. Time as an integer, since a file has no fractions of it.
KEPT = """
create temp table kept (
    number integer, time integer, primary key (number, time)
) without rowid
"""
LOGGED = """
with logged as (
    select number, cast(time * 1000000 as integer) as time,
        request, version, feeds, outputs
    from requests where outputs <> '[]' and version = coalesce(?, version)
)
"""
DAYS = f"{LOGGED} select distinct time / 86400000000 from logged order by 1"
NEW = f"""
{LOGGED} select * from logged where time / 86400000000 = ? and not exists (
    select 1 from kept where kept.number = logged.number and kept.time = logged.time
) order by number
"""


def request_log(settings: RequestLogSettings) -> Path:
    """Write what the files do not have yet.

    Returns:
        The folder of the data set.

    Raises:
        WatchError: If there is no such log, it is none, the folder cannot be written,
            another run is writing it, or what is there does not fit.
        ProjectError: If pyarrow is not installed.
    """
    parquet = library()
    require_log(settings.log)
    if settings.to.exists() and not settings.to.is_dir():
        raise WatchError(f"{settings.to} is a file; name a folder with --to")
    taken = WatchError(f"{settings.to}: another run is writing it; try again later")
    try:
        with (
            locked(settings.to / LOCK, taken),
            closing(sqlite3.connect(settings.log)) as database,
        ):
            rows = write_days(database, settings, parquet)
    except WatchError:
        raise
    except (sqlite3.Error, ValueError) as error:
        raise WatchError(f"{settings.log} is no request log: {error}") from error
    except OSError as error:
        raise WatchError(f"{settings.to} cannot be written: {error}") from error
    print(f"rows:    {rows:,} new ones")
    print(f"files:   {settings.to}/{FOLDER}/{FILE}")
    return settings.to


def library() -> ModuleType:
    """Import what writes Parquet.

    Raises:
        ProjectError: If pyarrow is not installed.
    """
    try:
        return import_module(".parquet", __package__)
    except ModuleNotFoundError as error:
        raise ProjectError(
            f"{error.name} cannot be imported; install what writes Parquet with "
            "`uv pip install -r requirements/parquet.txt`"
        ) from error


def write_days(
    database: sqlite3.Connection, settings: RequestLogSettings, parquet: ModuleType
) -> int:
    """Write the days that have new requests, and return how many rows are new."""
    database.execute(KEPT)
    only = settings.version
    kinds = parquet.Kinds()
    for file in sorted(settings.to.glob(f"{FOLDER}/{FILE}")):
        for name, column in parquet.file_columns(file).items():
            kinds.require(name, column.kind, str(file))
    days = [day for (day,) in database.execute(DAYS, (only,))]
    new = 0
    for day in days:
        name = (EPOCH + timedelta(days=day)).isoformat()
        file = settings.to / FOLDER.replace("*", name) / FILE
        # One view of the log for the whole day, whatever the server writes meanwhile.
        database.execute("begin")
        database.execute("delete from kept")
        for keys in parquet.keys(file):
            database.executemany("insert or ignore into kept values (?, ?)", keys)

        def requests(day: int = day) -> Iterator[Any]:
            return map(parquet.Request._make, database.execute(NEW, (only, day)))

        try:
            rows = parquet.add(file, requests, kinds)
        finally:
            database.rollback()
        if rows:
            logger.info("%s: %d new rows", name, rows)
        new += rows
    return new
