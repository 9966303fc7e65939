"""What the command `monitor` reads of a server, and what the server shows of it.

The request log is a file a day (UTC), `<folder>/2026-11-21.jsonl`, a line a row:

    {"time", "request_id", "model", "version", "row", "inputs": {...}, "outputs": [...]}

Every worker appends whole lines. A thread writes them, so no request waits for a disk;
what a full disk or too much that waits costs is counted.
"""

import logging
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Semaphore
from typing import Any

import orjson

from ..config import ConfigError
from .messages import Array, Feeds
from .metrics import Metrics
from .model import Model
from .settings import ServeSettings

logger = logging.getLogger(__name__)

MOST_WAITING = 256  # requests, so that a disk that stands still costs little memory
OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z


class RequestLog:
    """Logs the requests of one worker."""

    def __init__(
        self, settings: ServeSettings, metrics: Metrics, names: Iterable[str]
    ) -> None:
        """Begin the file of today.

        Args:
            settings: Those of the server; they name a folder.
            metrics: Where is counted what became of the rows.
            names: The inputs of the model.

        Raises:
            ConfigError: If what is to be masked is no input, or nothing can be written.
        """
        assert settings.request_log is not None
        self.folder, self.settings = settings.request_log, settings
        self.count = metrics.logged
        self.second = self.left = 0
        self.day, self.torn = "", False
        if unknown := sorted(set(settings.request_log_mask) - (known := set(names))):
            have = ", ".join(sorted(known))
            which = f"the model has no input {', '.join(unknown)}; it has {have}"
            raise ConfigError(f"request_log_mask: {which}")
        try:
            self.append(b"")
        except OSError as error:
            raise ConfigError(f"request_log: {error}; name another folder") from error
        self.thread, self.places = ThreadPoolExecutor(1), Semaphore(MOST_WAITING)

    def add(self, name: str, model: Model, feeds: Feeds, outputs: Array) -> None:
        """Take a request by its id, unless there were enough in this second."""
        if (now := int(time.monotonic())) != self.second:
            self.second, self.left = now, self.settings.request_log_rows
        if not self.left:
            return
        facts = {"time": datetime.now(UTC), "request_id": name, "model": model.name}
        # Copies, as a part of an array would keep all of it in memory.
        outputs = outputs[: self.left].copy()
        kept = {
            key: (each[:, 0] if each.shape[1:] == (1,) else each)[: self.left].copy()
            for key, each in feeds.items()
            if key not in self.settings.request_log_mask
        }
        rows = [
            {
                **facts,
                "version": model.version,
                "row": row,
                "inputs": {key: each[row] for key, each in kept.items()},
                "outputs": values.reshape(-1),
            }
            for row, values in enumerate(outputs)
        ]
        self.left -= len(rows)
        if self.places.acquire(blocking=False):
            self.thread.submit(self.write, rows)
        else:
            self.count("dropped").inc(len(rows))

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Append rows to the file of today, and count what became of them."""
        self.places.release()
        try:
            self.append(b"".join(orjson.dumps(row, option=OPTIONS) for row in rows))
        except OSError as error:
            self.torn = True
            self.count("failed").inc(len(rows))
            logger.error("requests cannot be logged: %s", error)
        else:
            self.count("written").inc(len(rows))

    def append(self, lines: bytes) -> None:
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
        with (self.folder / f"{day}.jsonl").open("ab", buffering=0) as log:
            if os.write(log.fileno(), lines) < len(lines):
                raise OSError("the disk is full")
        self.torn = False

    def end(self) -> None:
        """Write what waits, for the last time."""
        self.thread.shutdown()


def monitored(model: Model, reports_dir: Path) -> bytes:
    """Return the gauges that `monitor` has written of a version; none if it has not."""
    file = reports_dir / model.name / str(model.version) / "monitor" / "monitor.prom"
    return file.read_bytes() if file.is_file() else b""
