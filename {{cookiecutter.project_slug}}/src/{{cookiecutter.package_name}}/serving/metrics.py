"""What Prometheus may ask: requests, how long they take, what was predicted.

With several workers each one counts in files of its own, in the folder that the
environment variable PROMETHEUS_MULTIPROC_DIR names, and any of them answers for all.
"""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST

# In seconds: one image takes less than a millisecond, the slowest batch some seconds.
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
ROWS = tuple(float(4**power) for power in range(8))  # 1, 4, 16 ... 16,384


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        """Make them, all zero."""
        self.registry = CollectorRegistry()
        self.others: list[Collector] = []  # which are the same in every process
        self.requests = Counter(
            "http_requests",
            "Requests by endpoint, method and status",
            ["endpoint", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "http_request_seconds",
            "From the first byte of a request's body to the end of its answer",
            ["endpoint"],
            registry=self.registry,
            buckets=SECONDS,
        )
        self.in_flight = Gauge(
            "http_requests_in_flight",
            "Requests that are being answered",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.rows = Histogram(
            "prediction_rows",
            "Rows in a request",
            ["endpoint"],
            registry=self.registry,
            buckets=ROWS,
        )
        self.predictions = Counter(
            "predictions",
            "Rows by the class that was the most probable one",
            ["version", "predicted"],
            registry=self.registry,
        )
        self.version = Gauge(
            "model_version",
            "Which version is served",
            ["model"],
            registry=self.registry,
            multiprocess_mode="livemostrecent",
        )
        self.reloads = Counter(
            "model_reloads",
            "Loads of another version by their result, ok or failed",
            ["result"],
            registry=self.registry,
        )
        self.logged = Counter(
            "request_log_requests",
            "Requests by what became of them: written, dropped (full), failed",
            ["result"],
            registry=self.registry,
        )
        # Finding a counter by its labels costs more than counting.
        self._requests = lru_cache(maxsize=1024)(self.requests.labels)
        self._seconds = lru_cache(maxsize=256)(self.seconds.labels)
        self._rows = lru_cache(maxsize=256)(self.rows.labels)
        self._predictions = lru_cache(maxsize=4096)(self.predictions.labels)

    def count_request(
        self, endpoint: str, method: str, status: int, seconds: float
    ) -> None:
        """Count a request that was answered."""
        self._requests(endpoint, method, status).inc()
        self._seconds(endpoint).observe(seconds)

    def count_predictions(
        self, endpoint: str, rows: int, version: int | None, classes: Mapping[str, int]
    ) -> None:
        """Count the rows of a request, and the classes that were predicted."""
        self._rows(endpoint).observe(rows)
        for name, count in classes.items():
            self._predictions(version, name).inc(count)

    def count_logged(self, result: str, count: int) -> None:
        """Count requests that were to be logged."""
        self.logged.labels(result).inc(count)

    def text(self) -> bytes:
        """Return all figures, also those of other workers, as Prometheus reads them."""
        registry = self.registry
        if FOLDER_VARIABLE in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        others = CollectorRegistry()
        for each in self.others:
            others.register(each)
        return generate_latest(registry) + generate_latest(others)


def forget_ended_workers() -> None:
    """Remove what workers that ended, perhaps killed, said of their present state.

    What they counted stays: a counter must not fall.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    for file in Path(folder).glob("gauge_live*_*.db") if folder else ():
        pid = int(file.stem.rpartition("_")[2])
        if not is_running(pid):
            mark_process_dead(pid)  # type: ignore[no-untyped-call]


def is_running(pid: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # It is there, but belongs to somebody else; or this is no POSIX system.
        return True
    return True
