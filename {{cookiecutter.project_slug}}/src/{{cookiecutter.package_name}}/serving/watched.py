"""What `monitor` has found of the version that is served, as figures of /metrics.

The command writes monitor.json; whoever asks for the figures gets what is in it then.
A server whose `reports_dir` has none has none of these figures.
"""

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from .model import Models

logger = logging.getLogger(__name__)

REPORT = "monitor/monitor.json"  # where `monitor` writes it, below a version's reports


class Watched(Collector):
    """Reads what was found, each time that it is asked for."""

    def __init__(self, models: Models, reports_dir: Path) -> None:
        """Prepare.

        Args:
            models: What is served.
            reports_dir: Where the reports of all models are.
        """
        self.models = models
        self.reports_dir = reports_dir

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the figures; none if there is no report, or none that can be read."""
        model = self.models.get()
        folder = self.reports_dir / model.name / str(model.version)
        file = folder / REPORT
        try:
            content = json.loads(file.read_bytes())
            yield from figures(content, str(model.version))
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s cannot be read: %r; run `monitor` again", file, error)


def figures(content: dict[str, Any], version: str) -> list[GaugeMetricFamily]:
    """Return the figures of a report.

    Args:
        content: That of monitor.json.
        version: The version that it is about.
    """
    when = datetime.fromisoformat(content["time"]).timestamp()
    alarm = gauge("alarm", "1 if the last run of `monitor` raised an alarm", "version")
    alarm.add_metric([version], content["alarm"])
    rows = gauge("rows", "Rows that it looked at", "version")
    rows.add_metric([version], content["rows"])
    time = gauge("time_seconds", "When that was, in seconds since 1970", "version")
    time.add_metric([version], when)
    effect = gauge("effect", "The difference, from 0 to 1", "version group variable")
    p = gauge("p_value", "Of the test, for all of the run", "version group variable")
    for each in content["findings"]:
        labels = [version, each["group"], each["variable"]]
        effect.add_metric(labels, each["effect"])
        p.add_metric(labels, each["adjusted"])
    return [alarm, rows, time, effect, p]


def gauge(name: str, text: str, labels: str) -> GaugeMetricFamily:
    """Return a figure that has no value yet; its labels are separated by blanks."""
    return GaugeMetricFamily(f"model_monitor_{name}", text, labels=labels.split())
