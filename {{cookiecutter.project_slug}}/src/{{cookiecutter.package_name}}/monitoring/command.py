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
from ..config import ProjectError
from ..files import careful, write_json, write_text
from ..registry import Manifest
from . import drift
from .archive import read_log
from .drift import Array, Variables
from .settings import MonitorSettings

LEAST_ROWS = 30  # of fewer, hardly anything could be said
SHOWN = 10  # findings on the terminal
PAGE = Template("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>$title</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 1rem; overflow-wrap: anywhere }
table { border-collapse: collapse; display: block; overflow-x: auto }
td, th { border: 1px solid #999; padding: 0.2rem 0.6rem; text-align: left }
</style>
<h1>$title</h1>
<p>$verdict. $time. Where nothing has changed, a share of $alpha of the runs raises an
alarm, at most: the p-values are adjusted for the number of tests (Holm).</p>
$table
</html>
""")


class MonitorError(ProjectError):
    """Rows cannot be compared with the training."""


def monitor(settings: MonitorSettings) -> int:
    """Compare rows with those of the training.

    Returns:
        The exit status: 1 on an alarm, 0 otherwise.

    Raises:
        ProjectError: If there is nothing to compare, or nothing to compare it with.
    """
    version = settings.version or registry.served_version(settings.model_dir)
    folder, manifest = registry.load_version(settings.model_dir, version)
    if settings.input is not None and settings.log is None:
        keys, described, outputs, labels = read_file(settings, folder, manifest)
    elif settings.log is not None and settings.input is None:
        keys, described, outputs = read_requests(settings, folder, manifest)
        labels = np.full(len(keys), np.nan)
    else:
        raise MonitorError("name what to look at: either --input FILE or --log FILE")
    if len(keys) < LEAST_ROWS:
        raise MonitorError(f"{len(keys)} rows are too few; {LEAST_ROWS} are needed")
    if settings.labels is not None:
        labels = read_labels(settings.labels, keys, manifest.classes)
    known, old_outputs, old_labels = read_reference(folder / registry.REFERENCE_FILE)
    before, now = (said(each, manifest.classes) for each in (old_outputs, outputs))
    found = [*drift.compare(known, described)]
    found += drift.compare(before, now, "prediction")
    labelled = ~np.isnan(labels)
    if labelled.any():
        old = mistakes(old_outputs, old_labels, manifest.classes)
        new = mistakes(outputs[labelled], labels[labelled], manifest.classes)
        found.append(drift.compare_quality(old, new, bool(manifest.classes)))
    facts = {
        "model": str(folder),
        "data": str(settings.input or settings.log),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "rows": len(keys),
        "labelled": int(labelled.sum()),
        "alpha": settings.alpha,
        "not_compared": sorted(known.keys() - described.keys()),
    }
    reports = settings.reports_dir / settings.model_name / folder.name / "monitor"
    return int(report(reports, facts, drift.holm(found)))


def report(folder: Path, facts: dict[str, Any], found: pd.DataFrame) -> bool:
    """Write the report and say what is in it; return whether there is an alarm."""
    alarms = found[found["adjusted"] <= facts["alpha"]]
    share = f"{len(alarms) or 'none'} of {len(found)} tests, {facts['rows']:,} rows"
    verdict = f"{'no alarm' if alarms.empty else 'ALARM'}: {share}"
    content = {"alarm": not alarms.empty, "findings": found.to_dict("records")}
    write_json(folder / "monitor.json", {**facts, **content})
    title = escape(f"{facts['data']} beside the training of {facts['model']}")
    table = found.to_html(index=False, float_format="{:.2g}".format, border=0)
    page = PAGE.substitute(facts, title=title, verdict=verdict, table=table)
    write_text(folder / "index.html", page)
    for each in alarms.head(SHOWN).itertuples():
        told = f"{each.variable}: {each.before} -> {each.now} (p {each.adjusted:.2g})"
        print(f"{each.group + ':':<12} {told}")
    print(f"{verdict}\npage:    {folder / 'index.html'}")
    return not alarms.empty


def read_reference(file: Path) -> tuple[Variables, Array, Array]:
    """Return variables of training rows, and outputs and labels of others."""
    with careful(file), np.load(file) as arrays:
        known = {
            str(name): arrays[f"variable_{number}"]
            for number, name in enumerate(arrays["names"])
        }
        return known, arrays["outputs"], arrays["labels"]


def read_file(
    settings: MonitorSettings, folder: Path, manifest: Manifest
) -> tuple[pd.DataFrame, Variables, Array, Array]:
    """Return which rows of a file, their variables, predictions and labels, or NaN."""
    assert settings.input is not None
    # What `predict` refuses is what is looked for here.
    rows, truth = adapter.read_rows(
        settings.input, manifest, folder, settings.drop, strict=False
    )
    chosen = sample_rows(len(rows), settings.max_rows, settings.seed)
    numbers = getattr(rows, "index", np.arange(len(rows)))
    rows = getattr(rows, "iloc", rows)[chosen]
    labels = np.full(len(numbers), np.nan) if truth is None else truth.astype(float)
    outputs = adapter.predictor(folder, manifest)(rows)
    described = adapter.describe(rows, manifest.inputs)
    return pd.DataFrame({"row": numbers[chosen]}), described, outputs, labels[chosen]


def read_requests(
    settings: MonitorSettings, folder: Path, manifest: Manifest
) -> tuple[pd.DataFrame, Variables, Array]:
    """Return which rows were logged, their variables and predictions."""
    assert settings.log is not None
    since = time.time() - settings.hours * 3600 if settings.hours else 0.0
    told = read_log(settings.log, int(folder.name), settings.max_rows, since)
    outputs = np.concatenate(list(told["outputs"]))
    keys = told.assign(row=told["outputs"].map(lambda each: range(len(each))))
    keys = keys.explode("row", ignore_index=True)[["request", "row"]]
    inputs = manifest.inputs
    # An input that is masked is not compared.
    names = [name for name in inputs.shapes if all(name in f for f in told["feeds"])]
    feeds = {name: np.concatenate([f[name] for f in told["feeds"]]) for name in names}
    rows: Any = next(iter(feeds.values()), None)
    if rows is not None and rows.shape[1:] == (1,):  # the columns of a table
        table = pd.DataFrame({name: each[:, 0] for name, each in feeds.items()})
        rows = table.reindex(columns=list(inputs.shapes))
    described = {} if rows is None else adapter.describe(rows, inputs)
    masked = inputs.shapes.keys() - feeds.keys()
    variables = {k: v for k, v in described.items() if k not in masked}
    return keys, variables, outputs.reshape(len(keys), -1)


def read_labels(path: Path, keys: pd.DataFrame, classes: tuple[str, ...]) -> Array:
    """Return what turned out to be true of rows, float64 (n,); NaN where nobody said.

    Args:
        path: A CSV file with the column `label`, and those of `keys`.
        keys: Which rows there are: their number, `row`, in a file or in a `request`.
        classes: The name of each class; none for a regression.

    Raises:
        MonitorError: If a column is missing, a label is none, or no row has one.
    """
    try:
        told = pd.read_csv(path, dtype=str, usecols=[*keys, "label"])
    except (OSError, ValueError) as error:
        raise MonitorError(f"{path}: {error}") from error
    told = told.drop_duplicates(list(keys), keep="last")
    texts = keys.astype(str).merge(told, "left", on=list(keys))["label"]
    labels = texts.map({name: float(n) for n, name in enumerate(classes)})
    if not classes:
        labels = pd.to_numeric(texts, errors="coerce")
    wanted = f"one of {', '.join(classes)}" if classes else "a number"
    if (strange := texts[texts.notna() & labels.isna()]).size:
        raise MonitorError(f"{path}: {strange.iloc[0]!r}: a label must be {wanted}")
    if labels.isna().all():
        raise MonitorError(f"{path} has no label for any of the {len(keys)} rows")
    return np.asarray(labels, dtype=np.float64)


def sample_rows(count: int, most: int, seed: int) -> Array:
    """Return the numbers of at most so many of `count` rows, in their order."""
    return np.sort(np.random.default_rng(seed).permutation(count)[:most])


def said(outputs: Array, classes: tuple[str, ...]) -> Variables:
    """Return what is compared of predictions: (n, classes), or (n, 1).

    A tree says the same of many rows; what an exported one says differs in the last
    digits, and is the same here.
    """
    if not classes:
        return {"value": np.array([float(f"{each:.5g}") for each in outputs[:, 0]])}
    best = np.array(classes, dtype=object)[outputs.argmax(axis=1)]
    return {"class": best, "probability": outputs.max(axis=1).round(4)}


def mistakes(outputs: Array, labels: Array, classes: tuple[str, ...]) -> Array:
    """Return how wrong each prediction is: 0 or 1, or an absolute error."""
    if classes:
        return np.asarray(outputs.argmax(axis=1) != labels, dtype=np.float64)
    return np.asarray(np.abs(outputs[:, 0] - labels))
