"""The test rows of a report, and how one of them is shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from .. import large, models, schema
from ..agreement import Array
from ..held_out import as_feeds
from ..inputs import Inputs
from ..loading import find_trained, load_parts, split_target
from ..models import Target
from ..registry import Manifest
from .blocks import Block, Section, Table
from .class_scores import class_measures
from .classes import class_sections
from .intervals import Drawing, IntArray, Measure
from .numbers import number_measures, number_sections
from .scored import Group, Scored, drawn, quarters
from .settings import ReportSettings

CATEGORIES = 8  # of a column that are groups; the most frequent ones


@dataclass(frozen=True)
class TableRows:
    """Test rows, the model, and what is said of the training rows.

    Attributes:
        model: From `models.load_model`.
        inputs: What it takes.
        scored: What it says of the test rows.
        training: int64 or float64 (m,), what is true of the training rows.
        features: (n, columns), the test rows.
        described: What is said of the data.
    """

    model: Pipeline
    inputs: Inputs
    scored: Scored
    training: Target
    features: pd.DataFrame
    described: tuple[tuple[str, object], ...]

    def judged(self, drawing: Drawing) -> tuple[list[Measure], list[Section]]:
        """Return the scores, and the sections that show them in detail."""
        if self.scored.classes:
            return class_measures(self.scored, drawing), class_sections(self.scored)
        return number_measures(self.scored, drawing), number_sections(self.scored)

    def facts(self) -> Sequence[tuple[str, object]]:
        """Return what is said of the data, as names and values."""
        return self.described

    def overview(self) -> Sequence[Block]:
        """Return what the columns of the test rows hold."""
        lines = []
        for name, kind in self.inputs.columns.items():
            cells = self.features[name]
            known = cells.dropna()
            if kind == "category":
                often = known.value_counts().index[:3]
                holds = f"{known.nunique()} texts: {', '.join(map(str, often))}"
            elif known.empty:
                holds = "nothing"
            else:
                numbers = known.astype("float64")
                low, middle, high = np.quantile(numbers, [0, 0.5, 1])
                holds = f"{low:.4g} to {high:.4g}, median {middle:.4g}"
            lines.append((name, kind, f"{cells.isna().mean():.1%}", holds))
        header = ("column", "kind", "missing", "holds")
        return [Table("The columns of the test rows", header, lines)]

    def groups(self) -> Iterator[Group]:
        """Yield the rows of each quarter of a number, of each frequent category."""
        for name, kind in self.inputs.columns.items():
            cells = self.features[name]
            if kind == "number":
                yield from quarters(name, cells.to_numpy(dtype=np.float64))
                continue
            for category in cells.value_counts().index[:CATEGORIES]:
                yield Group(f"{name}: {category}", (cells == category).to_numpy(bool))
            if cells.isna().any():
                yield Group(f"{name}: missing", cells.isna().to_numpy(bool))

    def shown(self, chosen: IntArray, captions: Sequence[str]) -> Block:
        """Return some test rows, by their places in `scored`, with what to say."""
        header = ("row of the file", "what", *self.features)
        lines = [
            (self.scored.numbers[i], caption, *map(readable, self.features.iloc[i]))
            for i, caption in zip(chosen, captions, strict=True)
        ]
        return Table("As the file has them; its header is row 1", header, lines)

    def predict(self, count: int) -> Array:
        """Let the model predict the first `count` rows."""
        rows = self.features[:count]
        return models.predict_outputs(self.model, rows, self.scored.classes)

    def feeds(self, count: int) -> dict[str, Array]:
        """Return the first `count` rows as an exported model takes them."""
        return as_feeds(self.features[:count], self.inputs)


def readable(cell: object) -> str:
    """Return a cell as the page shows it."""
    if pd.isna(cell):
        return "missing"
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)


def load_rows(settings: ReportSettings, folder: Path, manifest: Manifest) -> TableRows:
    """Read the model and its data, and let it predict test rows.

    Args:
        settings: Those of the command.
        folder: The version's folder.
        manifest: Its manifest.

    Raises:
        DataError: If the table cannot be had, or has changed since the training.
    """
    trained, source = find_trained(settings, folder, manifest)
    expected = schema.read_schema(folder / schema.FILE)
    if manifest.settings["in_chunks"]:
        most = settings.max_rows
        training, test = large.draw(trained, trained, source, expected, (most, most))
        counts, available = "drawn", None
    else:
        training, test = load_parts(trained, source, expected)
        counts, available = "all", len(test)
        test = test.iloc[drawn(available, settings.max_rows, settings.seed)]
    features, truth = split_target(test, expected)
    _, training_truth = split_target(training, expected)
    model = models.load_model(folder)
    inputs = manifest.inputs
    return TableRows(
        model=model,
        inputs=inputs,
        scored=Scored(
            truth=truth,
            outputs=models.predict_outputs(model, features, expected.classes),
            numbers=np.asarray(features.index, dtype=np.int64),
            classes=expected.classes,
            target=inputs.target,
            noun="rows",
            available=available,
        ),
        training=training_truth,
        features=features,
        described=(
            ("data set", manifest.dataset),
            ("training rows", f"{len(training)} ({counts})"),
            ("test rows", f"{available or len(test)} ({counts})"),
            ("columns to predict from", len(inputs.columns)),
            ("column to predict", inputs.target),
        ),
    )
