"""What is explained: a pipeline, rows to explain and rows to compare them with."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from .. import checks, large, models, schema
from ..inputs import Kind
from ..loading import find_trained, load_parts, split_target
from ..models import Target
from ..registry import Manifest
from ..schema import Schema
from ..settings import ExplainSettings
from .explanation import FloatArray, IntArray


@dataclass(frozen=True)
class Subject:
    """A pipeline and some rows, put together as `agnostic.Pool` says.

    Attributes:
        model: From `models.load_model`.
        background: (b, columns), the rows to compare with.
        rows: (n, columns), the rows to explain.
        labels: int64 or float64 (n,), what is true of them; None if not known.
        classes: The name of each class; none for a regression.
        kinds: What each column holds.
        unit: What the pipeline predicts: a probability, or the target's name.
    """

    model: Pipeline
    background: pd.DataFrame
    rows: pd.DataFrame
    labels: Target | None
    classes: tuple[str, ...]
    kinds: dict[str, Kind]
    unit: str

    @property
    def compared(self) -> int:
        """The number of rows to compare with."""
        return len(self.background)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.rows.columns)

    @property
    def numbers(self) -> IntArray:
        """The numbers of the rows in their file, int64 (n,); its header is row 1."""
        return np.asarray(self.rows.index, dtype=np.int64)

    @cached_property
    def explained(self) -> IntArray:
        """The likeliest class of each row, int64 (n,); 0 for a regression."""
        return np.asarray(self.predict(self.rows).argmax(axis=1), dtype=np.int64)

    @cached_property
    def pool(self) -> pd.DataFrame:
        """All rows: those to compare with, then those to explain."""
        return pd.concat([self.background, self.rows], ignore_index=True)

    @property
    def explained_names(self) -> tuple[str, ...]:
        """The name of the class that is explained of each row, or of the target."""
        names = self.classes or (self.unit,)
        return tuple(names[number] for number in self.explained)

    @property
    def fingerprint(self) -> str:
        """A SHA-256 of the rows to explain."""
        return sha256(self.rows.to_csv().encode()).hexdigest()

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """Return the outputs for some rows: float64 (m, classes), or (m, 1)."""
        return models.predict_outputs(self.model, rows, self.classes)

    def outputs(self, origins: IntArray) -> FloatArray:
        """Return the outputs for rows that are put together from cells.

        Args:
            origins: int64 (m, columns): the number of the row that each is taken from,
                first those to compare with, then those to explain.
        """
        cells = {
            name: self.pool[name].array.take(origins[:, j])
            for j, name in enumerate(self.pool)
        }
        return self.predict(pd.DataFrame(cells))


def load_subject(
    settings: ExplainSettings, folder: Path, manifest: Manifest
) -> Subject:
    """Read the model, the rows to explain and the training rows.

    Args:
        settings: Those of the command.
        folder: The version's folder.
        manifest: Its manifest.

    Raises:
        DataError: If the rows cannot be had, or are not what the model takes.
    """
    expected = schema.read_schema(folder / schema.FILE)
    training, test = known_rows(settings, folder, manifest, expected)
    rows, labels = split_target(drawn(test, settings), expected)
    known: Target | None = labels
    if settings.input is not None:
        found, _ = checks.load_checked(
            settings.input,
            expected.without_target(),
            ignore=[*manifest.settings["drop"], manifest.inputs.target],
            quarantine=settings.quarantine,
        )
        rows, known = drawn(found, settings), None
    background, _ = split_target(training, expected)
    classification = expected.task == "classification"
    return Subject(
        model=models.load_model(folder),
        background=background,
        rows=rows,
        labels=known,
        classes=expected.classes,
        kinds=expected.kinds,
        unit="probability" if classification else expected.target,
    )


def known_rows(
    settings: ExplainSettings, folder: Path, manifest: Manifest, expected: Schema
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return training rows to compare with, and rows of the test set."""
    trained, source = find_trained(settings, folder, manifest)
    if manifest.settings["in_chunks"]:
        wanted = settings.background_rows, settings.explained_rows
        return large.draw(settings, trained, source, expected, wanted)
    training, test = load_parts(trained, source, expected)
    return sample(training, settings.background_rows, settings.seed), test


def drawn(frame: pd.DataFrame, settings: ExplainSettings) -> pd.DataFrame:
    """Return the rows to explain of those that there are."""
    return sample(frame, settings.explained_rows, settings.seed)


def sample(frame: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """Return at most so many rows, drawn by a seed, in their order."""
    numbers = np.random.default_rng(seed).permutation(len(frame))[:most]
    return frame.iloc[np.sort(numbers)]
