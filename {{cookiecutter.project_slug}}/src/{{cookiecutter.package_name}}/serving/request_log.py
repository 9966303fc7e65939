"""The request log: what was asked and what was answered, for the command `monitor`.

A file a day (UTC), `<folder>/2026-11-21.jsonl`, of one line for each row:

    {"time", "request_id", "model", "version", "row", "inputs": {...}, "outputs": [...]}

Every worker appends whole lines. A thread writes them, so no request waits for a disk;
what a full disk or a full queue costs is counted. What is logged is bounded by rows a
second: the busier the server, the smaller the part of them.
"""

import logging
import os
import queue
import random
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import orjson

from ..config import ConfigError
from .messages import Array, Feeds
from .metrics import Metrics
from .model import Model
from .settings import ServeSettings

logger = logging.getLogger(__name__)

MOST_WAITING = 256  # requests, so that a disk that stands still costs little memory
OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z


class Logged(NamedTuple):
    """A request that was answered, as far as it is logged."""

    time: datetime
    id: str
    model: Model
    feeds: Feeds
    outputs: Array

    def lines(self) -> bytes:
        """Return a line for each row; a tensor of one number a row is that number."""
        facts = {"time": self.time, "request_id": self.id}
        facts |= {"model": self.model.name, "version": self.model.version}
        return b"".join(
            orjson.dumps(
                facts
                | {
                    "row": row,
                    "inputs": {
                        name: each[row, 0] if each.shape[1:] == (1,) else each[row]
                        for name, each in self.feeds.items()
                    },
                    "outputs": outputs.reshape(-1),
                },
                option=OPTIONS,
            )
            for row, outputs in enumerate(self.outputs)
        )


class RequestLog:
    """Logs the requests of one worker."""

    def __init__(
        self, settings: ServeSettings, metrics: Metrics, names: Iterable[str]
    ) -> None:
        """Prepare.

        Args:
            settings: Those of the server; they name a folder.
            metrics: Where is counted what became of the rows.
            names: The inputs of the model.

        Raises:
            ConfigError: If what is to be masked is no input, or nothing can be written.
        """
        assert settings.request_log is not None
        self.folder, self.settings, known = settings.request_log, settings, set(names)
        if unknown := sorted(set(settings.request_log_mask) - known):
            raise ConfigError(
                f"request_log_mask: the model has no input {', '.join(unknown)}; it has "
                f"{', '.join(sorted(known))}"
            )
        self.count = metrics.logged.labels
        self.second, self.left = 0, 0
        self.day, self.torn = "", False
        try:
            self.write(b"")
        except OSError as error:
            raise ConfigError(f"request_log: {error}; name another folder") from error
        self.waiting: queue.Queue[Logged | None] = queue.Queue(MOST_WAITING)
        self.thread = threading.Thread(target=self.keep_writing, daemon=True)
        self.thread.start()

    def add(self, id: str, model: Model, feeds: Feeds, outputs: Array) -> None:
        """Take a request, if it is one of the sample; it is written soon."""
        if (now := int(time.monotonic())) != self.second:
            self.second, self.left = now, self.settings.request_log_rows
        if not self.left or random.random() >= self.settings.request_log_share:
            return
        outputs = outputs[: self.left].copy()  # a part would keep the whole in memory
        masked, rows = self.settings.request_log_mask, len(outputs)
        kept = {n: each[:rows].copy() for n, each in feeds.items() if n not in masked}
        self.left -= rows
        try:
            self.waiting.put_nowait(Logged(datetime.now(UTC), id, model, kept, outputs))
        except queue.Full:
            self.count("dropped").inc(rows)

    def keep_writing(self) -> None:
        """Write what there is until the server ends."""
        while (logged := self.waiting.get()) is not None:
            try:
                self.write(logged.lines())
            except OSError as error:
                self.torn = True
                self.count("failed").inc(len(logged.outputs))
                logger.error("requests cannot be logged: %s", error)
            else:
                self.count("written").inc(len(logged.outputs))

    def write(self, lines: bytes) -> None:
        """Append whole lines; on a new day, remove the files that are too old."""
        today = datetime.now(UTC)
        if self.day != (day := f"{today:%Y-%m-%d}"):
            self.folder.mkdir(parents=True, exist_ok=True)
            oldest = today - timedelta(days=self.settings.request_log_days)
            for file in self.folder.glob("????-??-??.jsonl"):
                if file.stem < f"{oldest:%Y-%m-%d}":
                    file.unlink(missing_ok=True)
            self.day = day
        if self.torn:  # what came of a line before the disk was full is no line
            lines = b"\n" + lines
        with (self.folder / f"{day}.jsonl").open("ab", buffering=0) as file:
            if os.write(file.fileno(), lines) < len(lines):
                raise OSError("the disk is full")
        self.torn = False

    def end(self) -> None:
        """Write what waits, for the last time."""
        self.waiting.put(None)
        self.thread.join()
