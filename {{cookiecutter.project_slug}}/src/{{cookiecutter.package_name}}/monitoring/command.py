"""The command `monitor`: rows against the training, and whether to worry.

reports/<model>/<version>/monitor/monitor.json   every test; what /metrics shows
                                  index.html     the same for people
"""

import time
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pandas as pd

from .. import adapter, registry
from ..config import DataError
from ..files import careful, write_json, write_text
from ..registry import Manifest
from . import drift
from .drift import Sample
from .log import read_labels, read_log
from .settings import MonitorSettings

LEAST_ROWS = 30  # of fewer, hardly anything could be said
SHOWN = 10  # findings on the terminal


def monitor(settings: MonitorSettings) -> int:
    """Compare rows with those of the training; return 1 on an alarm, as exit status."""
    version = settings.version or registry.served_version(settings.model_dir)
    folder, manifest = registry.load_version(settings.model_dir, version)
    if bool(settings.input) == bool(settings.log):
        raise DataError("name what to look at: either --input FILE or --log FOLDER")
    read = read_file if settings.input else read_requests
    keys, now = read(settings, folder, manifest)
    if len(keys) < LEAST_ROWS:
        raise DataError(f"{len(keys)} rows are too few; {LEAST_ROWS} are needed")
    if settings.labels:
        told = read_labels(settings.labels, keys, manifest.classes)
        now = now._replace(labels=told)
    before = read_reference(folder / registry.REFERENCE_FILE)
    facts = {
        "model": str(folder),
        "data": str(settings.input or settings.log),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "rows": len(keys),
        "labelled": int((~np.isnan(now.labels)).sum()),
        "alpha": settings.alpha,
        "not_compared": sorted(before.variables.keys() - now.variables.keys()),
    }
    reports = settings.reports_dir / settings.model_name / folder.name / "monitor"
    return int(report(reports, facts, drift.compare(before, now, manifest.classes)))


def report(folder: Path, facts: dict[str, Any], found: pd.DataFrame) -> bool:
    """Write the report and say what is in it; return whether there is an alarm."""
    alarms = found[found["adjusted"] <= facts["alpha"]]
    share = f"{len(alarms) or 'none'} of {len(found)} tests, {facts['rows']:,} rows"
    verdict = f"{'no alarm' if alarms.empty else 'ALARM'}: {share}"
    content = {"alarm": not alarms.empty, "findings": found.to_dict("records")}
    write_json(folder / "monitor.json", {**facts, **content})
    title = escape(f"{facts['data']} beside the training of {facts['model']}")
    table = found.to_html(index=False, float_format="{:.2g}".format, border=0)
    page = Template(Path(__file__).with_name("page.html").read_text("utf-8"))
    text = page.substitute(facts, title=title, verdict=verdict, table=table)
    write_text(folder / "index.html", text)
    for each in alarms.head(SHOWN).itertuples():
        told = f"{each.variable}: {each.before} -> {each.now} (p {each.adjusted:.2g})"
        print(f"{each.group + ':':<12} {told}")
    print(f"{verdict}\npage:    {folder / 'index.html'}")
    return not alarms.empty


def read_reference(file: Path) -> Sample:
    """Return variables of training rows, and outputs and labels of others."""
    with careful(file), np.load(file) as arrays:
        names = enumerate(arrays["names"])
        variables = {str(name): arrays[f"variable_{number}"] for number, name in names}
        return Sample(variables, arrays["outputs"], arrays["labels"].astype(float))


def read_file(
    settings: MonitorSettings, folder: Path, manifest: Manifest
) -> tuple[pd.DataFrame, Sample]:
    """Return the numbers of a file's rows, those that are drawn, and what they hold."""
    assert settings.input is not None
    # What `predict` refuses is what is looked for here.
    rows, labels = adapter.read_rows(
        settings.input, manifest, folder, settings.drop, strict=False
    )
    drawn = np.random.default_rng(settings.seed).permutation(len(rows))
    chosen = np.sort(drawn[: settings.max_rows])
    truth = np.full(len(rows), np.nan) if labels is None else labels.astype(float)
    if manifest.classes:
        truth[truth < 0] = np.nan
    keys = pd.DataFrame({"row": getattr(rows, "index", np.arange(len(rows)))[chosen]})
    rows = getattr(rows, "iloc", rows)[chosen]
    described = adapter.describe(rows, manifest.inputs)
    outputs = adapter.predictor(folder, manifest)(rows)
    return keys, Sample(described, outputs, truth[chosen])


def read_requests(
    settings: MonitorSettings, folder: Path, manifest: Manifest
) -> tuple[pd.DataFrame, Sample]:
    """Return which rows were logged, and what the server has said of them."""
    assert settings.log is not None
    name, version, inputs = manifest.name, int(folder.name), manifest.inputs
    told = read_log(settings.log, name, version, settings.max_rows, settings.hours)
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
    unknown = np.full(len(told), np.nan)
    return told[["request_id", "row"]], Sample(variables, outputs, unknown)
