"""Train and score on a table larger than memory, chunk by chunk.

Worker processes read a chunk, check it and turn it into features; this process does
the one thing that has an order, `partial_fit`. Which rows stand in a chunk, and the
order of the chunks, depend on the seed and on `chunk_bytes`, never on the number of
workers: with any number the model is the same, bit for bit. Another `chunk_bytes` puts
the rows into another order, and so gives a slightly different model.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import sklearn
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from tqdm import tqdm

from .chunks import TEST, TRAIN, VALIDATION, File, Piece, Split, Table
from .datasets import DataError
from .reading import Kind, read_pieces
from .scores import ClassScores, NumberScores, Scores
from .workers import InOrder

Array = npt.NDArray[Any]
# check(frame, first_row) returns the frame, or raises a DataError that names the row.
Check = Callable[[pd.DataFrame, int], pd.DataFrame]
# on_epoch(number, scores) is told what an epoch has reached.
OnEpoch = Callable[[int, Mapping[str, float]], None]


@dataclass(frozen=True)
class Reader:
    """How to turn pieces of a file into features and targets; sent to the workers.

    Attributes:
        file: The file.
        kinds: The columns to read, features and target.
        target: The column to predict.
        classes: The labels as the cells have them; empty if the target is a number.
        check: Called with every chunk.
    """

    file: File
    kinds: Mapping[str, Kind]
    target: str
    classes: tuple[str, ...]
    check: Check

    def read(self, pieces: Sequence[Piece]) -> tuple[pd.DataFrame, Array]:
        """Read and check pieces; return the features, and the targets as `encode` does.

        Raises:
            DataError: If the file cannot be read, or `check` or `encode` finds a
                mistake; it names the file and the row.
        """
        frame = read_pieces(self.file, pieces, self.kinds)
        try:
            frame = self.check(frame, int(frame.index[0]))
            return frame.drop(columns=self.target), self.encode(frame[self.target])
        except DataError as error:
            raise DataError(f"{self.file.path}: {error}") from error

    def encode(self, target: pd.Series) -> Array:
        """Return int64 numbers of the classes, or float64 if there are no classes.

        Raises:
            DataError: If a cell is missing, infinite, or none of the classes.
        """
        numbers: Array
        if not self.classes:
            numbers = target.to_numpy(np.float64)
            wrong = ~np.isfinite(numbers)
        else:
            numbers = pd.Index(self.classes).get_indexer(pd.Index(target))
            numbers = numbers.astype(np.int64)
            wrong = numbers < 0
        if wrong.any():
            row, cell = next(target[wrong].items())
            known = f"; the classes are {', '.join(self.classes)}"
            raise DataError(
                f"row {row}, column {self.target!r}: "
                + ("no value" if pd.isna(cell) else f"{cell!r} is not expected")
                + (known if self.classes else "")
            )
        return numbers


@dataclass(frozen=True)
class ChunkedResult:
    """A model trained in chunks.

    Attributes:
        pipeline: Fitted; no different from one that was fitted in memory.
        history: After each epoch, the scores on the sample's validation rows, as
            `val_accuracy` and `val_loss`, or `val_r2`, `val_mae` and `val_rmse`.
        rows: How many of the file were for `train`, `validation` and `test`.
    """

    pipeline: Pipeline
    history: dict[str, list[float]]
    rows: dict[str, int]


def train_in_chunks(
    table: Table,
    pipeline: Pipeline,
    *,
    target: str,
    classes: Sequence[str],
    kinds: Mapping[str, Kind],
    check: Check,
    split: Split,
    sample: pd.DataFrame,
    workers: InOrder,
    epochs: int = 1,
    progress: bool = False,
    on_epoch: OnEpoch | None = None,
) -> ChunkedResult:
    """Train on all training rows of a table.

    `prepare` is fitted on the training rows of the sample, not of the table. Those of
    all rows would take a pass of their own, and the mean of 100,000 rows drawn at
    random is theirs to within 1/300 of a standard deviation. A category that the
    sample lacks is, to the encoder, an unknown one.

    The pieces of a chunk are drawn from all over the file, anew in each epoch, so that
    a file sorted by its label trains as well as a shuffled one.

    Args:
        table: From `open_table`.
        pipeline: Its steps are `prepare`, from a frame to a dense array, and `model`,
            which has `partial_fit`. It is copied, not changed.
        target: The column to predict.
        classes: All labels, for a classifier, which learns their numbers; else empty.
        kinds: The columns to read, features and target.
        check: Called with every chunk, in the workers: `check(frame, first_row)`
            returns the frame, or raises a DataError. The rows of a chunk come from
            several places: their numbers are in the index.
        split: Which rows are for what.
        sample: From `sample_rows`, checked.
        workers: From `start_workers`; started before `open_table`, they import while
            this process scans the file.
        epochs: How often each row is used.
        progress: Whether to show a bar.
        on_epoch: Called after every epoch with its number, counted from 1, and its
            scores.

    Raises:
        DataError: If a row is wrong, or the file changes meanwhile.
        WorkerError: If a worker is killed.
    """
    reader = Reader(table.file, kinds, target, tuple(classes), check)
    pipeline = clone(pipeline)
    prepare, model = pipeline["prepare"], pipeline["model"]
    options = {"classes": np.arange(len(classes))} if classes else {}
    history: dict[str, list[float]] = {}
    rows = {"train": 0, "validation": 0, "test": 0}
    parts = split.parts(sample.index.to_numpy())
    if not (parts == TRAIN).any():
        raise DataError(f"{table.file.path}: no rows to train on")
    columns = [name for name in kinds if name != target]
    prepare.fit(sample.loc[parts == TRAIN, columns])
    validation = sample.loc[parts == VALIDATION]
    for epoch in range(epochs):
        order = np.random.default_rng([split.seed, epoch]).permutation(
            len(table.pieces)
        )
        work = partial(prepare_pieces, reader, split, prepare)
        done = workers(work, table.chunks(order.tolist()))
        with progress_bar(table, f"epoch {epoch + 1}", progress) as bar:
            for features, targets, counts in done:
                if len(targets):
                    # The workers have made sure of it.
                    with sklearn.config_context(assume_finite=True):
                        model.partial_fit(features, targets, **options)
                for part, count in zip(rows, counts, strict=True):
                    rows[part] += 0 if epoch else count
                bar.update(sum(counts))
        if len(validation):
            scores = score(
                pipeline, validation[columns], reader.encode(validation[target])
            ).summary(classes)
            for name in ("accuracy", "loss", "r2", "mae", "rmse"):
                if name in scores:
                    history.setdefault(f"val_{name}", []).append(scores[name])
        if on_epoch:
            on_epoch(epoch + 1, {name: values[-1] for name, values in history.items()})
    return ChunkedResult(pipeline, history, rows)


def prepare_pieces(
    reader: Reader, split: Split, prepare: Any, pieces: Sequence[Piece]
) -> tuple[Array, Array, list[int]]:
    """Read pieces; return features and targets of the training rows, and all counts."""
    frame, targets = reader.read(pieces)
    parts = split.parts(frame.index.to_numpy())
    counts: list[int] = np.bincount(parts, minlength=3).tolist()
    chosen = parts == TRAIN
    if not chosen.any():
        return np.empty((0, 0)), targets[chosen], counts
    frame = frame[chosen]
    features = np.ascontiguousarray(prepare.transform(frame))
    finite = np.isfinite(features).all(axis=1)
    if not finite.all():
        raise DataError(
            f"{reader.file.path}: row {frame.index[~finite][0]}: a feature is missing, "
            "and the preparation does not fill it"
        )
    return features, targets[chosen], counts


def evaluate_in_chunks(
    table: Table,
    pipeline: Pipeline,
    *,
    target: str,
    classes: Sequence[str],
    kinds: Mapping[str, Kind],
    check: Check,
    split: Split,
    workers: InOrder,
    progress: bool = False,
) -> dict[str, Any]:
    """Score a fitted pipeline on the test rows of a table.

    Args:
        table: From `open_table`.
        pipeline: From training.
        target, classes, kinds, check, workers, progress: As in `train_in_chunks`.
        split: That of the training; or, for a file of nothing but test rows,
            `Split(seed=0, test=1)`.

    Returns:
        `ClassScores.summary` or `NumberScores.summary`; the same for any number of
        workers.

    Raises:
        DataError: If a row is wrong, the file changes, or there are no test rows.
        WorkerError: If a worker is killed.
    """
    reader = Reader(table.file, kinds, target, tuple(classes), check)
    total: Scores | None = None
    work = partial(score_pieces, reader, split, pipeline)
    with progress_bar(table, "scoring", progress) as bar:
        for scores, rows in workers(work, table.chunks()):
            if scores is not None:
                total = scores if total is None else total + scores
            bar.update(rows)
    if total is None:
        raise DataError(f"{table.file.path}: no test rows")
    return total.summary(classes)


def score_pieces(
    reader: Reader, split: Split, pipeline: Pipeline, pieces: Sequence[Piece]
) -> tuple[Scores | None, int]:
    """Read pieces and score their test rows; return the number of all rows too."""
    frame, targets = reader.read(pieces)
    chosen = split.parts(frame.index.to_numpy()) == TEST
    if not chosen.any():
        return None, len(frame)
    return score(pipeline, frame[chosen], targets[chosen]), len(frame)


def score(pipeline: Pipeline, features: pd.DataFrame, targets: Array) -> Scores:
    """Score a fitted pipeline on rows; integer targets are numbers of classes."""
    if targets.dtype == np.int64:
        return ClassScores.of(pipeline.predict_proba(features), targets)
    return NumberScores.of(pipeline.predict(features), targets)


def progress_bar(table: Table, what: str, show: bool) -> "tqdm[Any]":
    """Return a bar that counts rows."""
    return tqdm(
        total=table.rows, desc=what, unit=" rows", unit_scale=True, disable=not show
    )
