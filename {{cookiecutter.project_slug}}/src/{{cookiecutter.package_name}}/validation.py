"""Which rows are learned from, which are kept to test, and how a model is scored.

By scikit-learn's splitters and scorers. The same settings give the same rows, whenever
they are asked for. Of a table that exceeds the memory, samples stand in where all rows
would be needed at once. Yours: `SPLITTERS`.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics, model_selection

from .adapter import Array, Inputs, Labelled
from .config import ConfigError, DataError, FitSettings
from .utils import files_of, find_data, joined, read_checked

SAMPLE_ROWS = 20_000  # of a table that exceeds the memory; of its test rows, too
# What splits a test set off, and what makes the folds of a cross-validation.
SPLITTERS = {
    "random": (model_selection.ShuffleSplit, model_selection.KFold),
    "stratified": (
        model_selection.StratifiedShuffleSplit,
        model_selection.StratifiedKFold,
    ),
    "group": (model_selection.GroupShuffleSplit, model_selection.GroupKFold),
    "stratified group": (
        model_selection.GroupShuffleSplit,
        model_selection.StratifiedGroupKFold,
    ),
}


def find_parts(settings: FitSettings) -> list[Path]:
    """Return where the table of the settings is; and the one to test on, if given."""
    data = find_data(settings.data, settings.data_dir, settings.data_sha256)
    own = [settings.test_data] if settings.test_data else []
    return [data, *(find_data(name, settings.data_dir) for name in own)]


def load_parts(
    paths: Sequence[Path], inputs: Inputs, settings: FitSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the training rows and the test rows, each in their file's order.

    Samples of them, if the table exceeds the memory. A DataError says that rows are
    bad, or too few, of a class too.

    Args:
        paths: From `find_parts`.
        inputs: The schema of the table.
        settings: How it is split.
    """
    if exceeds_memory(paths[0], settings):
        training, test = (
            sample(read_part(paths, inputs, settings, test), settings.seed)
            for test in (False, True)
        )
    elif len(paths) > 1:
        training, test = (joined(read_checked(path, inputs), path) for path in paths)
    else:
        frame = joined(read_checked(paths[0], inputs), paths[0])
        known, kept = split_once(frame, inputs, settings)
        training, test = frame.iloc[np.sort(known)], frame.iloc[np.sort(kept)]
    absent = set(inputs.classes).difference(training.get(inputs.target, ()))
    if absent or training.empty or test.empty:
        message = f"no rows to train on of {sorted(absent)}, or to test"
        raise DataError(f"{paths[0]}: {message}")
    return training, test


def split_once(
    frame: pd.DataFrame, inputs: Inputs, settings: FitSettings
) -> tuple[Array, Array]:
    """Return the places of the training rows and of the test rows in a table."""
    kind, column = split_by(frame, inputs, settings)
    if kind == "time":  # rows of one moment are not torn apart
        count = round(len(frame) * settings.test_fraction)
        is_test = column >= column.nlargest(count).min()
        return np.flatnonzero(~is_test), np.flatnonzero(is_test)
    once, _ = SPLITTERS[kind]
    how = {"test_size": settings.test_fraction, "random_state": settings.seed}
    try:
        splitter = once(n_splits=1, **how)
        found: tuple[Array, Array]
        (found,) = splitter.split(frame, frame[inputs.target], column)
        return found
    except ValueError as error:
        raise DataError(f"cannot split the rows: {error}") from error


def folds(
    training: pd.DataFrame, inputs: Inputs, settings: FitSettings
) -> list[tuple[Array, Array]]:
    """Return the folds of a cross-validation, which is split as the test set was.

    Each has the places of the rows to fit and of those to score. By time, a fold is
    scored on what comes after all that it was fitted to.
    """
    kind, column = split_by(training, inputs, settings)
    try:
        if kind == "time":
            moments, which = np.unique(column, return_inverse=True)
            found = model_selection.TimeSeriesSplit(settings.folds).split(moments)
            where = np.flatnonzero
            return [(where(which < k[0]), where(np.isin(which, k))) for _, k in found]
        _, many = SPLITTERS[kind]
        splitter = many(settings.folds, shuffle=True, random_state=settings.seed)
        return list(splitter.split(training, training[inputs.target], column))
    except ValueError as error:
        hint = "; a sample is all rows of one moment" if kind == "time" else ""
        raise ConfigError(f"folds: {error}{hint}") from error


def split_by(
    frame: pd.DataFrame, inputs: Inputs, settings: FitSettings
) -> tuple[str, Any]:
    """Return how rows are split, and the column to go by, without gaps, if any."""
    kind, name = settings.split, settings.split_column
    if kind in ("random", "stratified"):
        return (kind if inputs.classes else "random"), None
    if name not in inputs.rules or name == inputs.target:
        columns = ", ".join([*inputs.columns, *inputs.id_columns])
        raise ConfigError(f"split: {kind} needs as split_column one of {columns}")
    if kind == "group":  # what is missing is a group of its own
        return f"stratified {kind}" if inputs.classes else kind, frame[name].astype(str)
    if inputs.rules[name].kind == "category":
        raise ConfigError(f"split_column: {name} is neither a date nor a number")
    return kind, frame[name].fillna(-np.inf)


def exceeds_memory(path: Path, settings: FitSettings) -> bool:
    """Whether a table is larger than the setting `in_memory_mb`."""
    size = sum(file.stat().st_size for file in files_of(path))
    return size > settings.in_memory_mb * 10**6


def read_part(
    paths: Sequence[Path], inputs: Inputs, settings: FitSettings, test: bool = False
) -> Iterator[pd.DataFrame]:
    """Yield the training rows of a table that exceeds the memory, or its test rows."""
    for frame in read_checked(paths[-1 if test else 0], inputs):
        if len(paths) == 1:
            frame = frame[drawn_to_test(frame, inputs, settings) == test]
        yield frame


def drawn_to_test(frame: pd.DataFrame, inputs: Inputs, settings: FitSettings) -> Any:
    """Return which rows are test rows, (n,): row by row, or group by group."""
    kind, column = split_by(frame, inputs, settings)
    if kind == "time":
        raise ConfigError(
            "split: time needs all rows at once, and data is larger than in_memory_mb; "
            "name the last rows as test_data, or raise that"
        )
    keys = frame.index.to_numpy()
    if column is not None:
        keys = pd.util.hash_array(column.to_numpy(object))
    return drawn(keys, settings.seed) < settings.test_fraction


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
