"""What Prometheus may ask: requests, how long they take, what was predicted.

With several workers each one counts in files of its own, in the folder that the
environment variable PROMETHEUS_MULTIPROC_DIR names, and any of them answers for all.
"""

import collections
import os
from functools import lru_cache, partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from .messages import Array
from .model import Model

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# In seconds: one image takes less than a millisecond, the slowest batch some seconds.
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
ROWS = tuple(float(4**power) for power in range(8))  # 1, 4, 16 ... 16,384


class Metrics:
    """The counters of one process; the label `endpoint` is the name of an operation."""

    def __init__(self) -> None:
        """Make them, all zero."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # not of several: memory, open files
        counter = partial(Counter, registry=self.registry)
        histogram = partial(Histogram, labelnames=["endpoint"], registry=self.registry)
        # Finding a counter by its labels takes longer than counting.
        found = lru_cache(maxsize=4096)
        labels = ["endpoint", "method", "status"]
        self.requests = found(counter("http_requests", "Requests", labels).labels)
        text = "From the head of a request to the end of its answer"
        seconds = histogram("http_request_seconds", text, buckets=SECONDS)
        rows = histogram("prediction_rows", "Rows in a request", buckets=ROWS)
        self.seconds, self.rows = found(seconds.labels), found(rows.labels)
        text, labels = "Rows by the most probable class", ["version", "predicted"]
        self.predictions = found(counter("predictions", text, labels).labels)
        text = "Loads of another version by result, ok or failed"
        self.reloads = counter("model_reloads", text, ["result"]).labels
        #% if "monitor" in cookiecutter.__extras
        text = "Rows by result: written, dropped (the queue was full), failed"
        self.logged = counter("request_log_rows", text, ["result"]).labels
        #% endif
        # Of what several workers say, the last counts: one may have ended long ago.
        gauge = partial(Gauge, registry=self.registry, multiprocess_mode="mostrecent")
        self.version = gauge("model_version", "Which is served", ["model"]).labels

    def count_predictions(self, endpoint: str, model: Model, outputs: Array) -> None:
        """Count the rows of a request, and the classes that were predicted."""
        self.rows(endpoint).observe(len(outputs))
        if model.classes:
            best = outputs.argmax(axis=1).tolist()
            # Most requests have one row; `Counter` takes as long as a small model.
            counts = collections.Counter(best) if len(best) > 1 else {best[0]: 1}
            for index, count in counts.items():
                self.predictions(model.version, model.classes[index]).inc(count)

    def text(self, model: Model) -> bytes:
        """Return all figures, also those of other workers, as Prometheus reads them."""
        self.version(model.name).set(model.version)
        registry = self.registry
        if FOLDER_VARIABLE in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
