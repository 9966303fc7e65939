"""The request log: what was asked and what was answered, for the command `monitor`.

    requests    a line for each request of the sample: when, which one, by which
                version; the rows and the answers as JSON, tensor by tensor

SQLite in WAL mode, so that `monitor` reads while the server writes. A request only puts
what it has into a queue; a thread writes the queue out twice a second. A queue that is
full, because the disk is slower than the requests, or broken, drops what comes. What is
logged is bounded by rows a second: the busier the server, the smaller the part of them.
"""

import asyncio
import logging
import random
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from ..config import ConfigError
from .messages import Reply
from .metrics import Metrics
from .settings import ServeSettings
from .tensors import Array, Feeds

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.5
# What waits to be written, at most: tensors of some 64 MB.
MOST_BYTES = 67_108_864
# Of other workers' writing; a writer has the file for milliseconds.
WAIT_SECONDS = 10
# What is too old, or too much, is looked for this often.
TIDY_SECONDS = 60.0
SECONDS_A_DAY = 86_400
MEGABYTE = 1_048_576
TABLE = """
create table if not exists requests (
    number integer primary key,
    time real not null,
    request text not null,
    version integer not null,
    feeds text not null,
    outputs text not null
)
"""
INSERT = """
insert into requests (time, request, version, feeds, outputs) values (?, ?, ?, ?, ?)
"""


class Line(NamedTuple):
    """A request that was answered.

    Attributes:
        time: Seconds since 1970.
        request: Its id.
        version: Which version of the model answered.
        feeds: What was asked: n rows of each tensor.
        outputs: What was answered, (n,) or (n, k).
    """

    time: float
    request: str
    version: int
    feeds: Feeds
    outputs: Array


class RequestLog:
    """Collects requests of one worker and writes them to a database."""

    def __init__(
        self,
        path: Path,
        metrics: Metrics,
        *,
        share: float = 1.0,
        rows_per_second: int = 1_000_000,
        megabytes: float = 100,
        days: float = 30,
        masked: Iterable[str] = (),
    ) -> None:
        """Prepare; nothing is opened before the first request is written.

        Args:
            path: The database. Several workers may write to it.
            metrics: Where is counted what became of the requests.
            share: How much of the requests is kept, in (0, 1]; which ones is chance.
            rows_per_second: How many rows are kept at most, over half a second; of a
                request that has more, the first ones.
            megabytes: How large the database may get; the oldest requests give way.
            days: How old a request may get.
            masked: Inputs that are not written.
        """
        self.path = path
        self.count = metrics.count_logged
        self.share = share
        self.most_rows = max(1, int(rows_per_second * FLUSH_SECONDS))
        self.left = self.most_rows  # until the next flush
        self.most_bytes = int(megabytes * MEGABYTE)
        self.oldest = days * SECONDS_A_DAY
        self.masked = frozenset(masked)
        self.lines: deque[Line] = deque()
        self.waiting = 0  # bytes
        self.tidy_at = 0.0
        self.database: sqlite3.Connection | None = None
        self.busy = threading.Lock()  # the last flush may come while one is running
        self.chance: Callable[[], float] = random.random

    def add(self, request: str, reply: Reply) -> None:
        """Take a request by its id, if it is one of the sample; it is written soon."""
        if not self.left or (self.share < 1 and self.chance() >= self.share):
            return
        feeds, outputs, version = reply.feeds, reply.outputs, reply.version
        if feeds is None or outputs is None or version is None:
            return
        if reply.rows > self.left:
            feeds = {name: each[: self.left] for name, each in feeds.items()}
            outputs = outputs[: self.left]
        size = sum(each.nbytes for each in feeds.values())
        if self.waiting + size > MOST_BYTES:
            self.count("dropped", 1)
            return
        self.waiting += size
        self.left -= len(outputs)
        self.lines.append(Line(time.time(), request, version, feeds, outputs))

    def flush(self) -> None:
        """Write what there is; what cannot be written is lost, and counted."""
        lines = [self.lines.popleft() for _ in range(len(self.lines))]
        # What comes between these two lines is not counted until it is written: less
        # than a lock would cost each request.
        self.waiting = 0
        self.left = self.most_rows
        if not lines:
            return
        with self.busy:
            try:
                self.write(lines)
            except (OSError, sqlite3.Error) as error:
                self.close()
                self.count("failed", len(lines))
                logger.error("%s: requests cannot be logged: %s", self.path, error)
            else:
                self.count("written", len(lines))

    def write(self, lines: Iterable[Line]) -> None:
        """Write requests; now and then remove those that are too old or too many."""
        rows = [
            (*line[:3], as_json(kept(line.feeds, self.masked)), as_json(line.outputs))
            for line in lines
        ]
        # Opening it, and above all closing it, costs more than some hundred requests.
        self.database = self.database or opened(self.path)
        with self.database:
            self.database.executemany(INSERT, rows)
        if time.monotonic() >= self.tidy_at:
            self.tidy_at = time.monotonic() + TIDY_SECONDS
            self.tidy(self.database)
            self.close()  # who has removed the file gets a new one

    def close(self) -> None:
        """Close the database; the next request opens it again."""
        if self.database is not None:
            self.database.close()
            self.database = None

    def tidy(self, database: sqlite3.Connection) -> None:
        """Remove what is too old, then the oldest while there is too much."""
        with database:
            since = time.time() - self.oldest
            database.execute("delete from requests where time < ?", (since,))
        while (size := used_bytes(database)) > self.most_bytes:
            with database:
                (count,) = database.execute("select count(*) from requests").fetchone()
                # A tenth more than has to go, so that the next request is no reason.
                some = max(1, int(count * (1.1 - self.most_bytes / size)))
                database.execute(
                    "delete from requests where number in "
                    "(select number from requests order by number limit ?)",
                    (some,),
                )

    def end(self) -> None:
        """Write what there is, for the last time."""
        self.flush()
        with self.busy:
            self.close()

    async def keep_flushing(self) -> None:
        """Write what there is, again and again, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await asyncio.to_thread(self.flush)


def open_log(
    settings: ServeSettings, metrics: Metrics, names: Iterable[str]
) -> RequestLog | None:
    """Return the log that the settings ask for, if they do.

    Args:
        settings: Those of the server.
        metrics: Where is counted what became of the requests.
        names: The inputs of the model.

    Raises:
        ConfigError: If what is to be masked is no input, or the database cannot be
            written.
    """
    if settings.request_log is None:
        return None
    known = set(names)
    unknown = sorted(set(settings.request_log_mask) - known)
    if unknown:
        raise ConfigError(
            f"request_log_mask: the model has no input {', '.join(unknown)}; it has "
            f"{', '.join(sorted(known))}"
        )
    try:
        opened(settings.request_log).close()
    except (OSError, sqlite3.Error) as error:
        raise ConfigError(
            f"request_log: {settings.request_log} cannot be written: {error}; name "
            "another file, or none"
        ) from error
    return RequestLog(
        settings.request_log,
        metrics,
        share=settings.request_log_share,
        rows_per_second=settings.request_log_rows,
        megabytes=settings.request_log_megabytes,
        days=settings.request_log_days,
        masked=settings.request_log_mask,
    )


def opened(path: Path) -> sqlite3.Connection:
    """Open the database, made when missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, WAIT_SECONDS, check_same_thread=False)
    # Both have no effect on what is there already. In WAL mode, `normal` loses the last
    # lines when the machine loses power, and never damages the file.
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = normal")
    database.execute(TABLE)
    return database


def used_bytes(database: sqlite3.Connection) -> int:
    """Return how much of the file is in use; what was removed is used again."""
    pages, free, size = (
        int(database.execute(f"pragma {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def kept(feeds: Feeds, masked: frozenset[str]) -> Feeds:
    """Return tensors by name, without those that are masked."""
    return {name: each for name, each in feeds.items() if name not in masked}


def as_json(values: Feeds | Array) -> str:
    """Write an array, or arrays by name, as JSON; NaN becomes null."""
    return orjson.dumps(values, as_list, orjson.OPT_SERIALIZE_NUMPY).decode()


def as_list(values: Array) -> list[Any]:
    """Return what orjson cannot write by itself: texts, and parts of an array."""
    result: list[Any] = values.tolist()
    return result
