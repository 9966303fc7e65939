"""The command `monitor`: rows against the training, and whether to worry.

    reports/<model>/<version>/monitor/monitor.json   every test; what /metrics shows
                                      index.html     the same for people
"""

import logging
import time
from pathlib import Path
from typing import Any

from .. import registry
from ..aliases import served_version
from ..files import write_atomically, write_json
from ..registry import ONNX_FILE, Manifest
from . import drift, page, reference, rows
from .drift import Array, Finding
from .keeping import predicted
from .labels import read_labels
from .log import Key, read_log
from .reference import Reference, WatchError
from .settings import MonitorSettings

logger = logging.getLogger(__name__)

JSON_FILE = "monitor.json"
PAGE = "index.html"
LEAST_ROWS = 30  # of fewer, hardly anything could be said
SHOWN = 10  # findings on the terminal


def monitor(settings: MonitorSettings) -> int:
    """Compare rows with those of the training.

    Returns:
        The exit status: 1 on an alarm, 0 otherwise.

    Raises:
        WatchError: If there is nothing to compare, or nothing to compare it with.
        RegistryError: If there is no such version.
        DataError: If a file cannot be read.
    """
    if (settings.input is None) == (settings.log is None):
        raise WatchError("name what to look at: either --input FILE or --log FILE")
    model_dir = settings.models_dir / settings.model_name
    version = settings.version or served_version(model_dir)
    folder, manifest = registry.load_version(model_dir, version)
    known = reference.read_reference(folder, manifest)
    feeds, outputs, keys = looked_at(settings, folder, manifest)
    if len(keys) < LEAST_ROWS:
        raise WatchError(
            f"{len(keys)} rows are too few to compare; at least {LEAST_ROWS} are needed"
        )
    variables = rows.input_variables(feeds, manifest.inputs)
    found = drift.compare(known.inputs, variables)
    found += drift.compare_predictions(
        known.outputs, reference.output_variables(outputs, manifest.classes)
    )
    if settings.labels is not None:
        found += quality(settings.labels, known, outputs, keys, manifest)
    found = drift.adjust(found)
    flagged = [finding for finding in found if finding.adjusted <= settings.alpha]
    content = {
        "model": str(folder),
        "data": str(settings.input or settings.log),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "rows": len(keys),
        "alpha": settings.alpha,
        "alarm": bool(flagged),
        "not_compared": [name for name in known.inputs if name not in variables],
        "findings": [vars(finding) for finding in found],
    }
    reports = settings.reports_dir / settings.model_name / folder.name / "monitor"
    write_json(reports / JSON_FILE, content)
    write_atomically(reports / PAGE, page.page(content, known, variables))
    show(content, flagged, reports / PAGE)
    return int(bool(flagged))


def looked_at(
    settings: MonitorSettings, folder: Path, manifest: Manifest
) -> tuple[rows.Feeds, Array, list[Key]]:
    """Return the rows to look at, what the model says of them, and which they are."""
    if settings.log is not None:
        return read_log(
            settings.log, int(folder.name), settings.max_rows, settings.hours
        )
    assert settings.input is not None  # checked by monitor()
    feeds, numbers = rows.read_rows(settings, settings.input, folder, manifest)
    outputs = predicted(folder / ONNX_FILE, manifest, feeds)
    return feeds, outputs, [("", int(number)) for number in numbers]


def quality(
    path: Path, known: Reference, outputs: Array, keys: list[Key], manifest: Manifest
) -> list[Finding]:
    """Return how good the predictions were of the rows that have labels."""
    places, labels = read_labels(path, keys, manifest.classes)
    wrong = reference.errors(outputs[places], labels, manifest.classes)
    task = "classification" if manifest.classes else "regression"
    return drift.compare_quality(known.errors, wrong, task)


def show(content: dict[str, Any], flagged: list[Finding], file: Path) -> None:
    """Print what was found, the surest first."""
    for finding in flagged[:SHOWN]:
        print(
            f"{finding.group + ':':<12} {finding.variable}: {finding.before} -> "
            f"{finding.now} (p {finding.adjusted:.2g})"
        )
    if len(flagged) > SHOWN:
        print(f"{'':<12} and {len(flagged) - SHOWN} more")
    tests, count = len(content["findings"]), content["rows"]
    said = f"{len(flagged)} of {tests} tests" if flagged else f"none of {tests} tests"
    print(f"{'ALARM' if flagged else 'no alarm'}: {said}, {count} rows")
    print(f"page:    {file}")
