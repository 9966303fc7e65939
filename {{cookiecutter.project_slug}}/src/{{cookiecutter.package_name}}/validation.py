"""Which rows are learned from, which are kept to test, and how a model is scored.

By scikit-learn's splitters and scorers. The same settings give the same rows, whenever
they are asked for. Of a table that exceeds the memory, samples stand in where all rows
would be needed at once. Yours: `SPLITTERS`.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn import model_selection as selection

from .adapter import Array, Inputs, Labelled
from .config import ConfigError, DataError, FitSettings
from .schema import read_schema, schema_file
from .utils import files_of, find_data, joined, read_checked

SAMPLE_ROWS = 20_000  # of a table that exceeds the memory; of its test rows, too
# What splits a test set off, and what makes the folds of a cross-validation.
SPLITTERS = {
    "random": (selection.ShuffleSplit, selection.KFold),
    "stratified": (selection.StratifiedShuffleSplit, selection.StratifiedKFold),
    "group": (selection.GroupShuffleSplit, selection.GroupKFold),
    "stratified group": (selection.GroupShuffleSplit, selection.StratifiedGroupKFold),
}


class Table(NamedTuple):
    """The table that a model learns from and is tested on, as the settings split it."""

    paths: list[Path]  # of the table; and of the one to test on, if it is another
    inputs: Inputs
    settings: FitSettings

    @classmethod
    def find(cls, settings: FitSettings, inputs: Inputs | None = None) -> Self:
        """Find the table of the settings, and its schema if it is not given."""
        paths = [find_data(settings.data, settings.data_dir, settings.data_sha256)]
        if settings.test_data:
            paths.append(find_data(settings.test_data, settings.data_dir))
        return cls(paths, inputs or read_schema(schema_file(settings)), settings)

    def parts(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the training rows and the test rows, each in their file's order.

        Samples of them, if the table exceeds the memory. A DataError says that rows are
        bad, or too few, of a class too.
        """
        path, inputs = self.paths[0], self.inputs
        if self.exceeds_memory:
            training, test = (
                sample(self.chunks(test), self.settings.seed) for test in (False, True)
            )
        elif len(self.paths) > 1:
            training, test = (joined(read_checked(p, inputs), p) for p in self.paths)
        else:
            frame = joined(read_checked(path, inputs), path)
            known, kept = self.split(frame)
            training, test = frame.iloc[np.sort(known)], frame.iloc[np.sort(kept)]
        absent = set(inputs.classes).difference(training.get(inputs.target, ()))
        if absent or training.empty or test.empty:
            message = f"no rows to train on of {sorted(absent)}, or to test"
            raise DataError(f"{path}: {message}")
        return training, test

    def split(self, frame: pd.DataFrame) -> tuple[Array, Array]:
        """Return the places of the training rows and of the test rows."""
        kind, column = self.split_by(frame)
        if kind == "time":  # rows of one moment are not torn apart
            count = round(len(frame) * self.settings.test_fraction)
            is_test = column >= column.nlargest(count).min()
            return np.flatnonzero(~is_test), np.flatnonzero(is_test)
        once, _ = SPLITTERS[kind]
        size, seed = self.settings.test_fraction, self.settings.seed
        try:
            splitter = once(n_splits=1, test_size=size, random_state=seed)
            found: tuple[Array, Array]
            (found,) = splitter.split(frame, frame[self.inputs.target], column)
            return found
        except ValueError as error:
            raise DataError(f"cannot split the rows: {error}") from error

    def folds(self, training: pd.DataFrame) -> list[tuple[Array, Array]]:
        """Return the folds of a cross-validation, which is split as the test set was.

        Each has the places of the rows to fit and of those to score. By time, a fold is
        scored on what comes after all that it was fitted to.
        """
        kind, column = self.split_by(training)
        count, seed = self.settings.folds, self.settings.seed
        try:
            if kind == "time":
                moments, which = np.unique(column, return_inverse=True)
                cuts = selection.TimeSeriesSplit(count).split(moments)
                where, part = np.flatnonzero, np.isin
                return [(where(part(which, k)), where(part(which, s))) for k, s in cuts]
            _, many = SPLITTERS[kind]
            splitter = many(count, shuffle=True, random_state=seed)
            return list(splitter.split(training, training[self.inputs.target], column))
        except ValueError as error:
            hint = "; a sample is all rows of one moment" if kind == "time" else ""
            raise ConfigError(f"folds: {error}{hint}") from error

    def split_by(self, frame: pd.DataFrame) -> tuple[str, Any]:
        """Return how rows are split, and the column to go by, without gaps, if any."""
        kind, name = self.settings.split, self.settings.split_column
        inputs = self.inputs
        if kind in ("random", "stratified"):
            return (kind if inputs.classes else "random"), None
        if name not in inputs.rules or name == inputs.target:
            columns = ", ".join([*inputs.columns, *inputs.id_columns])
            raise ConfigError(f"split: {kind} needs as split_column one of {columns}")
        if kind == "group":  # what is missing is a group of its own
            groups = frame[name].astype(str)
            return (f"stratified {kind}" if inputs.classes else kind), groups
        if inputs.rules[name].kind == "category":
            raise ConfigError(f"split_column: {name} is neither a date nor a number")
        return kind, frame[name].fillna(-np.inf)

    @property
    def exceeds_memory(self) -> bool:
        """Whether the table is larger than the setting `in_memory_mb`."""
        size = sum(file.stat().st_size for file in files_of(self.paths[0]))
        return size > self.settings.in_memory_mb * 10**6

    def chunks(self, test: bool = False) -> Iterator[pd.DataFrame]:
        """Yield the training rows of a table that exceeds the memory, or its test rows.

        Which they are is drawn row by row, or group by group.
        """
        for frame in read_checked(self.paths[-1 if test else 0], self.inputs):
            if len(self.paths) == 1:
                kind, column = self.split_by(frame)
                if kind == "time":
                    raise ConfigError(
                        "split: time needs all rows at once, and data is larger than "
                        "in_memory_mb; name the last rows as test_data, or raise that"
                    )
                keys = frame.index.to_numpy()
                if column is not None:
                    keys = pd.util.hash_array(column.to_numpy(object))
                is_test = drawn(keys, self.settings.seed) < self.settings.test_fraction
                frame = frame[is_test == test]
            yield frame


def drawn(keys: Array, seed: int) -> Array:
    """Return a random number in [0, 1) for each key (n,): the same wherever it is."""
    mixed = keys.astype(np.uint64) + np.uint64(seed << 31)
    numbers: Array = pd.util.hash_array(mixed) / 2.0**64
    return numbers


def sample(chunks: Iterable[pd.DataFrame], seed: int) -> pd.DataFrame:
    """Return `SAMPLE_ROWS` rows from all over a table, in its order."""
    kept = pd.DataFrame()
    for chunk in chunks:
        pool = pd.concat([kept, chunk]) if len(kept) else chunk
        numbers = drawn(pool.index.to_numpy(), seed + 1)
        kept = pool.iloc[np.argsort(numbers, kind="stable")[:SAMPLE_ROWS]]
    return kept.sort_index()


def split_target(frame: pd.DataFrame, inputs: Inputs) -> Labelled:
    """Return what a model sees of rows; and the labels (n,), int64 or float64."""
    labels = frame[inputs.target]
    if inputs.classes:
        labels = pd.Series(pd.Categorical(labels, inputs.classes).codes, dtype=np.int64)
    return frame[list(inputs.columns)], labels.to_numpy()


def score_outputs(
    outputs: Array, labels: Array, classes: Sequence[str]
) -> dict[str, Any]:
    """Return all scores of what a model said: probabilities (n, classes) or (n, 1).

    Args:
        outputs: What `models.predict_outputs` returns.
        labels: What is true, int64 or float64 (n,).
        classes: Their names; none for a regression.

    Returns:
        `baseline`, the accuracy of always the most frequent class; `accuracy`;
        `balanced_accuracy`; `roc_auc`, the mean of the classes, and
        `average_precision`, of the rarest one, unless there is but one; `loss`, the
        cross-entropy in nats; `rows`; of `classes` precision, recall, f1-score and
        support; `confusion_matrix`, a row for each true class. Of a regression: `r2`
        (always to guess the mean has 0), `mae`, `rmse`, `rows`.
    """
    if not classes:
        return {
            "r2": metrics.r2_score(labels, outputs),
            "mae": metrics.mean_absolute_error(labels, outputs),
            "rmse": metrics.root_mean_squared_error(labels, outputs),
            "rows": len(labels),
        }
    guess, every = outputs.argmax(axis=1), range(len(classes))
    confusion = metrics.confusion_matrix(labels, guess, labels=every)
    table = metrics.classification_report(
        labels, guess, labels=every, output_dict=True, zero_division=0.0
    )
    there, counts = np.unique(labels, return_counts=True)
    scores = {
        "baseline": counts.max() / len(labels),
        "accuracy": metrics.accuracy_score(labels, guess),
        "balanced_accuracy": metrics.recall_score(
            labels, guess, labels=there, average="macro"
        ),
    }
    if len(there) > 1:
        known, rarest = labels[:, None] == there, there[counts.argmin()]
        scores["roc_auc"] = metrics.roc_auc_score(known, outputs[:, there])
        scores["average_precision"] = metrics.average_precision_score(
            labels == rarest, outputs[:, rarest]
        )
    return scores | {
        "loss": metrics.log_loss(labels, outputs, labels=every),
        "rows": len(labels),
        "classes": {name: table[str(number)] for number, name in enumerate(classes)},
        "confusion_matrix": confusion.tolist(),
    }
