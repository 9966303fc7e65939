"""What Prometheus may ask: requests, how long they take, what was predicted.

With several workers each one counts in files of its own, in the folder that the
environment variable PROMETHEUS_MULTIPROC_DIR names, and any of them answers for all.
"""

import os
from functools import lru_cache, partial

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from .messages import Array
from .model import Model

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# In seconds: one image takes less than a millisecond, the slowest batch some seconds.
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
ROWS = tuple(float(4**power) for power in range(8))  # 1, 4, 16 ... 16,384
VERSION = """# HELP model_version Which version is served
# TYPE model_version gauge
model_version{model="%s"} %d
"""


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        """Make them, all zero; the label `endpoint` is the name of an operation."""
        self.registry = CollectorRegistry()
        counter = partial(Counter, registry=self.registry)
        text = "Requests by endpoint, method and status"
        requests = counter("http_requests", text, ["endpoint", "method", "status"])
        text = "Rows by the most probable class"
        predictions = counter("predictions", text, ["version", "predicted"])
        text = "Rows by result: written, dropped (the queue was full), failed"
        self.logged = counter("request_log_rows", text, ["result"])
        text = "Loads of another version by result, ok or failed"
        self.reloads = counter("model_reloads", text, ["result"])
        histogram = partial(Histogram, labelnames=["endpoint"], registry=self.registry)
        text = "From the head of a request to the end of its answer"
        seconds = histogram("http_request_seconds", text, buckets=SECONDS)
        rows = histogram("prediction_rows", "Rows in a request", buckets=ROWS)
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

    def text(self, model: Model) -> bytes:
        """Return all figures, also those of other workers, as Prometheus reads them."""
        registry = self.registry
        if FOLDER_VARIABLE in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        # Every worker knows the version: what one that has ended said does not count.
        served = VERSION % (model.name, model.version)
        return generate_latest(registry) + served.encode()
