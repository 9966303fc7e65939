"""What Prometheus may ask: requests, how long they take, what was predicted.

With several workers each one counts in files of its own, in the folder that the
environment variable PROMETHEUS_MULTIPROC_DIR names, and any of them answers for all.
"""

import os
from functools import lru_cache
from pathlib import Path

import numpy as np
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from .messages import Array
from .model import Model

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# In seconds: one image takes less than a millisecond, the slowest batch some seconds.
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
ROWS = tuple(float(4**power) for power in range(8))  # 1, 4, 16 ... 16,384


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        """Make them, all zero."""
        self.registry = registry = CollectorRegistry()
        requests = Counter(
            "http_requests",
            "Requests by endpoint, method and status",
            ["endpoint", "method", "status"],
            registry=registry,
        )
        seconds = Histogram(
            "http_request_seconds",
            "From the head of a request to the end of its answer",
            ["endpoint"],
            registry=registry,
            buckets=SECONDS,
        )
        self.in_flight = Gauge(
            "http_requests_in_flight",
            "Requests that are being answered",
            registry=registry,
            multiprocess_mode="livesum",
        )
        rows = Histogram(
            "prediction_rows",
            "Rows in a request",
            ["endpoint"],
            registry=registry,
            buckets=ROWS,
        )
        predictions = Counter(
            "predictions",
            "Rows by the class that was the most probable one",
            ["version", "predicted"],
            registry=registry,
        )
        self.version = Gauge(
            "model_version",
            "Which version is served",
            ["model"],
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self.reloads = Counter(
            "model_reloads",
            "Loads of another version by their result, ok or failed",
            ["result"],
            registry=registry,
        )
        #% if "monitor" in cookiecutter.__extras
        self.logged = Counter(
            "request_log_rows",
            "Rows by what became of them: written, dropped (queue full), failed",
            ["result"],
            registry=registry,
        )
        #% endif
        # Finding a counter by its labels costs more than counting.
        self.requests = lru_cache(maxsize=1024)(requests.labels)
        self.seconds = lru_cache(maxsize=256)(seconds.labels)
        self.rows = lru_cache(maxsize=256)(rows.labels)
        self.predictions = lru_cache(maxsize=4096)(predictions.labels)

    def count_predictions(self, endpoint: str, model: Model, outputs: Array) -> None:
        """Count the rows of a request, and the classes that were predicted."""
        self.rows(endpoint).observe(len(outputs))
        if not model.classes:
            return
        if len(outputs) == 1:  # most requests; `bincount` takes longer than the model
            self.predictions(model.version, model.classes[outputs.argmax()]).inc()
            return
        counts = np.bincount(outputs.argmax(axis=1), minlength=len(model.classes))
        for name, count in zip(model.classes, counts.tolist()):
            if count:
                self.predictions(model.version, name).inc(count)

    def text(self) -> bytes:
        """Return all figures, also those of other workers, as Prometheus reads them."""
        registry = self.registry
        if FOLDER_VARIABLE in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def forget_ended_workers() -> None:
    """Remove what workers that ended, perhaps killed, said of their present state.

    What they counted stays: a counter must not fall.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    for file in Path(folder).glob("gauge_live*_*.db") if folder else ():
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]
        except OSError:
            continue  # it is there, and somebody else's
