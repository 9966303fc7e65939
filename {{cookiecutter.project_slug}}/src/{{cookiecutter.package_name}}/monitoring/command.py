"""The command `monitor`: rows against the training, and whether to worry.

reports/<model>/<version>/monitor/monitor.json   every test
                                  index.html     the same for people
                                  monitor.prom   the same for Prometheus
"""

import time
from functools import partial
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pandas as pd
from prometheus_client import CollectorRegistry, Gauge, write_to_textfile
from sklearn.utils import resample

from .. import adapter, registry
from ..config import DataError
from ..files import write_json, write_text
from ..registry import Manifest
from . import MonitorSettings
from .drift import Sample, compare
from .log import read_labels, read_log

LEAST_ROWS = 30  # of fewer, hardly anything could be said
MOST_ROWS = 5000  # more would find smaller changes than matter


def monitor(settings: MonitorSettings) -> int:
    """Compare rows with those of the training; return 1 on an alarm, as exit status."""
    version = settings.version or registry.served_version(settings.model_dir)
    folder, manifest = registry.load_version(settings.model_dir, version)
    predict = adapter.predictor(folder, manifest)
    if settings.input and not settings.log:
        keys, now = read_file(settings.input, settings.drop, manifest, predict)
    elif settings.log and not settings.input:
        told = read_log(settings.log, manifest.name, version, settings.hours)
        keys, now = read_requests(told.head(MOST_ROWS), manifest)
    else:
        raise DataError("name what to look at: either --input FILE or --log FOLDER")
    if len(keys) < LEAST_ROWS:
        raise DataError(f"{len(keys)} rows are too few; {LEAST_ROWS} are needed")
    if settings.labels:
        now = now._replace(labels=read_labels(settings.labels, keys, manifest.classes))
    before = read_reference(settings, folder, manifest, predict)
    found = compare(before, now, manifest.classes)
    facts: dict[str, Any] = {
        "model": str(folder),
        "data": str(settings.input or settings.log),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "rows": len(keys),
        "labelled": int((~np.isnan(now.labels)).sum()),
        "alpha": settings.alpha,
        "not_compared": sorted(before.variables.keys() - now.variables.keys()),
        "alarm": bool((found["adjusted"] <= settings.alpha).any()),
    }
    reports = settings.reports_dir / settings.model_name / folder.name / "monitor"
    report(reports, facts, found)
    write_gauges(reports / "monitor.prom", folder.name, facts, found)
    return int(facts["alarm"])


def drawn(*arrays: Any) -> Any:
    """Return the same `MOST_ROWS` rows of each array or table, or all."""
    few = min(MOST_ROWS, len(arrays[0]))
    return resample(*arrays, replace=False, n_samples=few, random_state=0)


def read_reference(
    settings: MonitorSettings, folder: Path, manifest: Manifest, predict: Any
) -> Sample:
    """Return variables of training rows, and outputs and labels of test rows.

    A model is surer of rows that it has learned from than it will be of later ones.
    """
    place = settings.data_dir, settings.quiet
    (known, _), test = adapter.load_splits(manifest, folder, *place)
    variables = adapter.describe(drawn(known), manifest.inputs)
    rows, labels = drawn(*test)
    return Sample(variables, predict(rows), labels.astype(float))


def read_file(
    file: Path, drop: tuple[str, ...], manifest: Manifest, predict: Any
) -> tuple[pd.DataFrame, Sample]:
    """Return the numbers of a file's rows, those that are drawn, and what they hold."""
    # What `predict` refuses is what is looked for here.
    rows, labels = adapter.read_rows(file, manifest.inputs, drop, strict=False)
    truth = np.full(len(rows), np.nan) if labels is None else labels.astype(float)
    #% if cookiecutter.__data_kind == "tabular"
    if manifest.classes:
        truth[truth < 0] = np.nan
    #% else
    truth[truth < 0] = np.nan
    #% endif
    keys = pd.DataFrame({"row": getattr(rows, "index", np.arange(len(rows)))})
    keys, rows, truth = drawn(keys, rows, truth)
    return keys, Sample(adapter.describe(rows, manifest.inputs), predict(rows), truth)


def read_requests(told: Any, manifest: Manifest) -> tuple[pd.DataFrame, Sample]:
    """Return which rows were logged, and what the server has said of them."""
    inputs = manifest.inputs
    #% if cookiecutter.__data_kind == "images"
    images = np.array([list(each.values()) for each in told["inputs"]], dtype=float)
    variables = adapter.describe(images.reshape(inputs.shapes["images"]), inputs)
    #% else
    rows = pd.DataFrame(told["inputs"].to_list())
    variables = adapter.describe(rows.reindex(columns=list(inputs.shapes)), inputs)
    for missing in inputs.shapes.keys() - set(rows):  # not logged, as it is personal
        del variables[missing]
    #% endif
    outputs = np.array(told["outputs"].to_list(), dtype=np.float64)
    now = Sample(variables, outputs, np.full(len(told), np.nan))
    return told[["request_id", "row"]], now


def write_gauges(file: Path, version: str, facts: Any, found: pd.DataFrame) -> None:
    """Write gauges, as Prometheus' node exporter and the server here read them."""
    gauges = CollectorRegistry()
    gauge = partial(Gauge, registry=gauges)
    for name, value, text in (
        ("alarm", facts["alarm"], "1 if `monitor` raised an alarm"),
        ("rows", facts["rows"], "Rows that it looked at"),
        ("time_seconds", time.time(), "When that was, in seconds since 1970"),
    ):
        gauge(f"model_monitor_{name}", text, ["version"]).labels(version).set(value)
    labels = ["version", "group", "variable"]
    effect = gauge("model_monitor_effect", "The difference, from 0 to 1", labels)
    p_value = gauge("model_monitor_p_value", "Of the test, for all of the run", labels)
    for each in found.itertuples():
        effect.labels(version, each.group, each.variable).set(each.effect)
        p_value.labels(version, each.group, each.variable).set(each.adjusted)
    write_to_textfile(str(file), gauges)


def report(folder: Path, facts: dict[str, Any], found: pd.DataFrame) -> None:
    """Write the report and say what is in it."""
    alarms = found[found["adjusted"] <= facts["alpha"]]
    share = f"{len(alarms) or 'none'} of {len(found)} tests, {facts['rows']:,} rows"
    verdict = f"{'ALARM' if facts['alarm'] else 'no alarm'}: {share}"
    write_json(folder / "monitor.json", facts | {"findings": found.to_dict("records")})
    title = escape(f"{facts['data']} beside the training of {facts['model']}")
    table = found.to_html(index=False, float_format="{:.2g}".format, border=0)
    page = Template(Path(__file__).with_name("page.html").read_text("utf-8"))
    text = page.substitute(facts, title=title, verdict=verdict, table=table)
    write_text(folder / "index.html", text)
    for each in alarms.head(10).itertuples():
        told = f"{each.variable}: {each.before} -> {each.now} (p {each.adjusted:.2g})"
        print(f"{each.group + ':':<12} {told}")
    print(f"{verdict}\npage:    {folder / 'index.html'}")
