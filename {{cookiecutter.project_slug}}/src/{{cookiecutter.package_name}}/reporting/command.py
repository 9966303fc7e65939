"""The command `report`: what a version is worth, as a page and as a model card."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from sklearn import metrics
from sklearn.utils import resample

from .. import adapter, files
from ..registry import Manifest, load_version
from . import ReportSettings, charts
from .card import read_card, render_card
from .scores import CONFIDENCE, RESAMPLES, Tested, scores_of

MOST_ROWS = 5000  # of the test set; more would make the intervals hardly narrower
WORST = 12  # mistakes that are shown


def report(settings: ReportSettings) -> None:
    """Write the report and the model card of a version; print its scores."""
    text = read_card(settings.model_card)
    folder, manifest = load_version(settings.model_dir, settings.version)
    tested, whole = load_tested(settings, folder, manifest)
    scores = scores_of(tested)
    note = (
        f"Scores of {len(tested.truth)} of {whole} test rows, which were not trained "
        f"on, and where {CONFIDENCE:.0%} of {RESAMPLES} test sets lie that are drawn "
        "from these with replacement (percentile bootstrap)."
    )
    reports = settings.reports_dir / settings.model_name / folder.name
    sections = {
        "Test set": details(tested),
        "Worst mistakes": mistakes(tested, manifest),
        "Explanations": explanations(reports / "explain"),
        "Training": [charts.learning_curves(manifest.history)],
    }
    loader = PackageLoader(__package__, "")
    page = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    facts = {"manifest": manifest, "version": folder.name, "scores": scores}
    template = page.get_template("report.html.jinja")
    html = template.render(facts, note=note, sections=sections)
    files.write_text(reports / "report.html", html)
    card = render_card(text, manifest, scores, note)
    files.write_text(reports / "model_card.md", card)
    for score in scores:
        print(f"{score.key}: {score.value:.4f} ({score.low:.4g} to {score.high:.4g})")
    print(f"card:   {reports / 'model_card.md'}\nreport: {reports / 'report.html'}")


def load_tested(
    settings: ReportSettings, folder: Path, manifest: Manifest
) -> tuple[Tested, int]:
    """Let the model predict test rows; return them, and how many there are in all."""
    _, (rows, truth) = adapter.load_splits(
        manifest, folder, settings.data_dir, settings.quiet
    )
    whole = len(rows)
    few = {"n_samples": min(whole, MOST_ROWS), "random_state": 0}
    numbers, rows, truth = resample(np.arange(whole), rows, truth, replace=False, **few)
    outputs = adapter.predictor(folder, manifest)(rows)
    return Tested(rows, numbers, truth, outputs, manifest.classes), whole


def details(tested: Tested) -> list[Any]:
    """Return the figures of the test set, and the scores of each class."""
    if not tested.classes:
        return [charts.figures(tested)]
    codes = range(len(tested.classes))
    parts = metrics.precision_recall_fscore_support(
        tested.truth, tested.predicted(), labels=codes, zero_division=0
    )
    names = ("class", "precision", "recall", "F1", "test rows")
    table = pd.DataFrame(dict(zip(names, (tested.classes, *parts), strict=True)))
    return [charts.figures(tested), table]


def mistakes(tested: Tested, manifest: Manifest) -> list[Any]:
    """Return the rows that cost most, with what is true and what was predicted."""
    order = np.argsort(-tested.losses(), kind="stable")
    if tested.classes:  # a number that is predicted is always somewhat wrong
        order = order[(tested.predicted() != tested.truth)[order]]
    if not (order := order[:WORST]).size:
        return ["There is none."]
    frame = pd.DataFrame({"row": tested.numbers, "true": tested.truth})
    frame["predicted"] = tested.predicted()
    if tested.classes:
        for name in ("true", "predicted"):
            frame[name] = [tested.classes[number] for number in frame[name]]
        frame["probability"] = tested.outputs.max(axis=1)
    frame = frame.iloc[order].reset_index(drop=True)
#% if cookiecutter.__data_kind == "images"
    lines = frame.itertuples(index=False)
    captions = [f"{n}: {true}, called {other} ({p:.0%})" for n, true, other, p in lines]
    largest = manifest.inputs.max_value
    pictures = [charts.as_png(image, largest) for image in tested.rows[order]]
    return [dict(zip(captions, pictures, strict=True))]


#% else
    rows = adapter.readable(tested.rows.iloc[order], manifest.inputs)
    rows = rows.reset_index(drop=True)
    # A column for each mistake: there are fewer of these than a table may have columns.
    table = pd.concat([frame, rows], axis=1).astype(object).set_index("row").T
    return [table.rename_axis(columns=None).reset_index(names="row")]


#% endif
def explanations(folder: Path) -> list[Any]:
    """Return the figures of the command `explain`, if it has explained the test set."""
    file = folder / "explanation.json"
    if not file.is_file():
        return ["Not there yet: run the command “explain”, then “report” again."]
    found = {
        f"{name}: {how}": (folder / name / "importance.svg").read_bytes()
        for name, how in json.loads(file.read_bytes())["how"].items()
    }
    text = "A feature is important to the model, not to the world; more in explain/."
    return [text, {k: charts.address(svg, "svg+xml") for k, svg in found.items()}]
