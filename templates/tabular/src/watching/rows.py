"""Rows of tables: as a file has them, as training had them, and what is compared."""

from pathlib import Path

import numpy as np
import pandas as pd

from .. import checks, loading, schema, utils
from ..held_out import as_feeds
from ..inputs import Inputs
from ..registry import Manifest
from ..schema import Column
from ..shared_settings import ExportSettings
from ..utils import listed
from .drift import Array, Variables
from .reference import MOST_ROWS, WatchError, drawn
from .settings import MonitorSettings

Feeds = dict[str, Array]


def input_variables(feeds: Feeds, inputs: Inputs) -> Variables:
    """Return what is compared of rows: their columns.

    Args:
        feeds: (n, 1) for each column; some may be missing, such as masked ones.
        inputs: What the columns hold.
    """
    return {
        name: feeds[name].reshape(-1).astype(np.float64 if kind == "number" else object)
        for name, kind in inputs.columns.items()
        if name in feeds
    }


def known_rows(
    settings: ExportSettings, folder: Path, manifest: Manifest
) -> tuple[Feeds, Feeds, Array]:
    """Return training rows, and test rows with what is true of them.

    Args:
        settings: Those of `export`.
        folder: The version.
        manifest: Its manifest.

    Raises:
        DataError: If the table cannot be had, or has changed since the training.
    """
    trained, source = loading.find_trained(settings, folder, manifest)
    expected = schema.read_schema(folder / schema.FILE)
    if manifest.settings["in_chunks"]:
        from .. import large

        most = MOST_ROWS, MOST_ROWS
        training, test = large.draw(trained, trained, source, expected, most)
    else:
        training, test = (
            part.iloc[drawn(len(part), MOST_ROWS, manifest.seed)]
            for part in loading.load_parts(trained, source, expected)
        )
    rows, _ = loading.split_target(training, expected)
    unseen, labels = loading.split_target(test, expected)
    inputs = manifest.inputs
    return as_feeds(rows, inputs), as_feeds(unseen, inputs), labels


def read_rows(
    settings: MonitorSettings, path: Path, folder: Path, manifest: Manifest
) -> tuple[Feeds, Array, dict[int, str]]:
    """Read the rows of a file, whatever is in them.

    What `predict` refuses is what is looked for here: a column that is not there has
    no value in any row, and neither has a cell that cannot be read.

    Args:
        settings: Those of the command.
        path: A .csv, .csv.gz or .parquet file.
        folder: The version.
        manifest: Its manifest.

    Returns:
        The feeds of an exported model; the numbers of the rows as `predict` counts
        them, the header is row 1; and by these, what is true, as far as the file says.

    Raises:
        WatchError: If the file has none of the model's columns.
        DataError: If it cannot be read.
    """
    raw = utils.get_data(path, settings.drop)
    columns = schema.read_schema(folder / schema.FILE).without_target().columns
    if not set(columns) & set(raw.columns):
        raise WatchError(
            f"{path} has none of the columns {listed(list(columns))}; it has "
            f"{listed(list(raw.columns))}"
        )
    raw = raw.iloc[drawn(len(raw), settings.max_rows, settings.seed)]
    cells = {name: read_column(raw, name, rule) for name, rule in columns.items()}
    frame = pd.DataFrame(cells, index=raw.index)
    target = raw.get(manifest.inputs.target, pd.Series(dtype="str")).dropna()
    truth = {int(number): str(text) for number, text in target.items()}
    return as_feeds(frame, manifest.inputs), raw.index.to_numpy(), truth


def read_column(raw: pd.DataFrame, name: str, rule: Column) -> "pd.Series[str]":
    """Return a column with the type that the schema gives it, or an empty one."""
    cells = raw[name] if name in raw else pd.Series(index=raw.index, dtype="str")
    if rule.kind == "category":
        return cells
    return checks.numbers(cells) if rule.kind == "number" else checks.days(cells)
