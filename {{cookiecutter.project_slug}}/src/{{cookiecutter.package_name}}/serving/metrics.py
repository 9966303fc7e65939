"""What Prometheus may ask: requests, how long they take, what was predicted.

With several workers each one counts in files of its own, in the folder that the
environment variable PROMETHEUS_MULTIPROC_DIR names, and any of them answers for all.
"""

#% if "monitor" in cookiecutter.__extras
import json
import logging
import os
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
#% else
import os
from functools import lru_cache
#% endif
from pathlib import Path

import numpy as np
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
#% if "monitor" in cookiecutter.__extras
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
#% else
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
#% endif

from .messages import Array
#% if "monitor" in cookiecutter.__extras
from .model import Model, ServedModel

logger = logging.getLogger(__name__)
#% else
from .model import Model
#% endif

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# In seconds: one image takes less than a millisecond, the slowest batch some seconds.
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
ROWS = tuple(float(4**power) for power in range(8))  # 1, 4, 16 ... 16,384


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        """Make them, all zero."""
        self.registry = registry = CollectorRegistry()
        #% if "monitor" in cookiecutter.__extras
        self.others: list[Collector] = []  # which are the same in every process
        #% endif
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
        #% if "monitor" in cookiecutter.__extras
        others = CollectorRegistry()
        for each in self.others:
            others.register(each)
        return generate_latest(registry) + generate_latest(others)
        #% else
        return generate_latest(registry)
        #% endif


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


#% if "monitor" in cookiecutter.__extras
class Watched(Collector):
    """What the command `monitor` has found of the version that is served, if anything.

    Read from its monitor.json each time that somebody asks for the figures.
    """

    def __init__(self, served: ServedModel, reports_dir: Path) -> None:
        """Look below a folder for the reports of what is served."""
        self.served, self.reports_dir = served, reports_dir

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the figures; none if there is no report, or none that can be read."""
        model = self.served.get()
        version, folder = str(model.version), self.reports_dir / model.name
        file = folder / version / "monitor" / "monitor.json"
        try:
            content = json.loads(file.read_bytes())
            when = datetime.fromisoformat(content["time"]).timestamp()
            for name, text, value in (
                ("alarm", "1 if the last run raised an alarm", content["alarm"]),
                ("rows", "Rows that it looked at", content["rows"]),
                ("time_seconds", "When that was, in seconds since 1970", when),
            ):
                figure = GaugeMetricFamily(f"model_monitor_{name}", text, None, ["version"])
                figure.add_metric([version], value)
                yield figure
            for name, text, key in (
                ("effect", "The difference, from 0 to 1", "effect"),
                ("p_value", "Of the test, for all of the run", "adjusted"),
            ):
                labels = ["version", "group", "variable"]
                figure = GaugeMetricFamily(f"model_monitor_{name}", text, None, labels)
                for each in content["findings"]:
                    about = [version, each["group"], each["variable"]]
                    figure.add_metric(about, each[key])
                yield figure
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s cannot be read: %r; run `monitor` again", file, error)
#% endif
