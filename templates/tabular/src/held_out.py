"""The rows that an export is compared with the native model on."""

from pathlib import Path

import numpy as np
import pandas as pd

from . import models, schema
from .agreement import MOST_ROWS, Array, Sample
from .inputs import Inputs
from .loading import find_trained, load_parts, split_target
from .registry import Manifest
from .shared_settings import ExportSettings

UNSEEN = "(a text that training has not seen)"


def held_out(settings: ExportSettings, folder: Path, manifest: Manifest) -> Sample:
    """Return test rows as a request has them, and what the native model says of them.

    Nothing is learned or scored here. Behind them are some of them again, with an empty
    cell or a category that training has not seen: servers get those too.

    Args:
        settings: Those of the command.
        folder: The version.
        manifest: Its manifest.

    Raises:
        DataError: If the table cannot be had, or has changed since the training.
    """
    trained, source = find_trained(settings, folder, manifest)
    expected = schema.read_schema(folder / schema.FILE)
    if manifest.settings["in_chunks"]:
        from . import large

        test = large.test_rows(trained, source, expected, MOST_ROWS)
    else:
        _, test = load_parts(trained, source, expected)
    features, target = split_target(test[:MOST_ROWS], expected)
    inputs = manifest.inputs
    rows = pd.concat([features, with_gaps(features, inputs)], ignore_index=True)
    unit = float(np.std(target)) if inputs.task == "regression" else 1.0
    outputs = models.predict_outputs(models.load_model(folder), rows, manifest.classes)
    return Sample(as_feeds(rows, inputs), outputs, unit or 1.0)


def with_gaps(features: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Return rows with an empty cell, or with a category that is new, in each column.

    Args:
        features: At least one row.
        inputs: What the columns hold.

    Returns:
        For each column a row without that cell; for each category, one with a text that
        no training has seen. Their other cells are those of rows of `features`.
    """
    cells: list[tuple[str, object]] = [(name, np.nan) for name in inputs.columns]
    cells += [(k, UNSEEN) for k, kind in inputs.columns.items() if kind == "category"]
    chosen = np.arange(len(cells)) % len(features)
    rows = features.iloc[chosen].reset_index(drop=True)
    for number, (name, cell) in enumerate(cells):
        rows.loc[number, name] = cell
    return rows


def as_feeds(features: pd.DataFrame, inputs: Inputs) -> dict[str, Array]:
    """Return a table as an exported model takes it: (n, 1) for each column.

    Numbers are float64, NaN where there is none; categories are objects, texts or
    `models.MISSING`.
    """
    feeds: dict[str, Array] = {}
    for name, kind in inputs.columns.items():
        cells = features[[name]]
        if kind == "number":
            feeds[name] = cells.to_numpy(dtype=np.float64)
        else:
            texts = cells.astype(object)
            feeds[name] = texts.where(cells.notna(), models.MISSING).to_numpy()
    return feeds
