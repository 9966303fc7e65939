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
from .drift import Array, Finding, FloatArray
from .keeping import predicted
from .labels import Key, Labels, encoded, read_labels
from .log import read_log
from .reference import WatchError
from .settings import MonitorSettings, report_file

logger = logging.getLogger(__name__)

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
    model_dir = settings.models_dir / settings.model_name
    version = settings.version or served_version(model_dir)
    folder, manifest = registry.load_version(model_dir, version)
    known = reference.read_reference(folder, manifest)
    feeds, outputs, keys, labels = looked_at(settings, folder, manifest)
    if len(keys) < LEAST_ROWS:
        raise WatchError(
            f"{len(keys)} rows are too few to compare; at least {LEAST_ROWS} are needed"
        )
    now = rows.input_variables(feeds, manifest.inputs)
    said = reference.output_variables(outputs, manifest.classes)
    wrong = None
    if labels is not None:
        where = settings.labels or settings.input or Path()
        wrong = mistakes(outputs, labels, keys, manifest, where)
    found = drift.compare_all(known, now, said, wrong, bool(manifest.classes))
    flagged = [finding for finding in found if finding.adjusted <= settings.alpha]
    content = {
        "model": str(folder),
        "data": str(settings.input or settings.log),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "rows": len(keys),
        "labelled": 0 if wrong is None else len(wrong),
        "alpha": settings.alpha,
        "alarm": bool(flagged),
        "not_compared": [name for name in known.inputs if name not in now],
        "findings": [vars(finding) for finding in found],
    }
    file = report_file(settings.reports_dir, settings.model_name, folder.name)
    write_json(file, content)
    shown = page.page(content, {**known.inputs, **known.outputs}, {**now, **said})
    write_atomically(file.with_name(PAGE), shown)
    show(content, flagged, file.with_name(PAGE))
    return int(bool(flagged))


def looked_at(
    settings: MonitorSettings, folder: Path, manifest: Manifest
) -> tuple[rows.Feeds, Array, list[Key], Labels | None]:
    """Return the rows to look at, predictions, which rows, and what is true of them."""
    labels = None
    if settings.labels is not None:
        labels = read_labels(settings.labels, settings.log is not None)
    if settings.log is not None and settings.input is None:
        logged = read_log(
            settings.log, int(folder.name), settings.max_rows, settings.hours
        )
        return *logged, labels
    if settings.input is not None and settings.log is None:
        feeds, numbers, truth = rows.read_rows(
            settings, settings.input, folder, manifest
        )
        outputs = predicted(folder / ONNX_FILE, manifest, feeds)
        keys = [("", number) for number in numbers.tolist()]
        if labels is None and truth:
            labels = {("", number): text for number, text in truth.items()}
        return feeds, outputs, keys, labels
    raise WatchError("name what to look at: either --input FILE or --log FILE")


def mistakes(
    outputs: Array, labels: Labels, keys: list[Key], manifest: Manifest, where: Path
) -> FloatArray:
    """Return how wrong the predictions were of the rows that have labels."""
    places, truth = encoded(labels, keys, manifest.classes, where)
    return reference.errors(outputs[places], truth, manifest.classes)


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
    share = f"{len(flagged) or 'none'} of {tests} tests"
    print(f"{'ALARM' if flagged else 'no alarm'}: {share}, {count:,} rows")
    print(f"page:    {file}")
