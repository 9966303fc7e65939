"""What a request leaves behind: a line in the access log, and its part of the metrics.

A request only says that it is done. Some of them are then logged and counted one after
the other: done each by itself, between two predictions, that takes three times as long,
since by then the processor's caches hold something else.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from .access import AccessLog
from .metrics import Metrics

logger = logging.getLogger(__name__)

# Few enough that the next request hardly waits.
MOST_WAITING = 64
FLUSH_SECONDS = 0.5
# What the log shows of a path that is none of the server's.
LONGEST_PATH = 512


class Done(NamedTuple):
    """A request that was answered, without what was asked and answered.

    Attributes:
        time: When, in seconds since 1970.
        id: What the client, the log and the answer call it.
        endpoint: The name of what answered.
        method: GET, POST, ...
        path: Its variable parts by name.
        status: Of HTTP.
        seconds: How long it took.
        rows: How many rows were predicted.
        version: Which version of the model predicted them; None if none did.
        classes: How often each class was the most probable one.
    """

    time: float
    id: str
    endpoint: str
    method: str
    path: str
    status: int
    seconds: float
    rows: int
    version: int | None
    classes: Mapping[str, int]

    def line(self) -> dict[str, object]:
        """Return the line of the access log."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(self.time, UTC),
            "id": self.id,
            "method": self.method,
            "path": self.path[:LONGEST_PATH],
            "status": self.status,
            "ms": round(self.seconds * 1000, 3),
        }
        if self.rows:
            line |= {"rows": self.rows, "version": self.version}
        return line


class Tally:
    """Collects what is done, and now and then logs and counts it.

    Attributes:
        in_flight: How many requests are being answered.
    """

    def __init__(self, metrics: Metrics, log: AccessLog) -> None:
        """Begin with nothing.

        Args:
            metrics: Where requests are counted.
            log: Where they are logged.
        """
        self.metrics = metrics
        self.log = log
        self.in_flight = 0
        self.waiting: list[Done] = []

    def add(self, done: Done) -> None:
        """Take a request that is done."""
        self.waiting.append(done)
        if len(self.waiting) >= MOST_WAITING:
            self.settle()

    def settle(self) -> None:
        """Log and count what is done."""
        waiting, self.waiting = self.waiting, []
        self.metrics.in_flight.set(self.in_flight)
        for done in waiting:
            self.log.add(done.line())
            try:
                self.count(done)
            except Exception:  # several workers count in files, on a disk that may fill
                logger.exception("request %s could not be counted", done.id)

    def count(self, done: Done) -> None:
        """Count a request that is done."""
        self.metrics.count_request(
            done.endpoint, done.method, done.status, done.seconds
        )
        if done.rows:
            self.metrics.count_predictions(
                done.endpoint, done.rows, done.version, done.classes
            )

    async def keep_settling(self) -> None:
        """Log and count what is done, and write the log, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            self.settle()
            await self.log.write()
