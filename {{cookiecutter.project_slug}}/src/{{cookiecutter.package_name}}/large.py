"""Tables that are too large for the memory: train and score a linear model in chunks.

It puts the parts together that a small table does not need: `chunks` cuts a file,
`reading` reads the parts, `workers` do so in processes, `streaming` trains and scores.
"""

import os
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from . import models, reading
from .backend import MEGABYTE
from .checks import check_chunk, check_table, require_columns
from .chunks import TEST, Split, Table, open_table
from .config import ConfigError
from .datasets import DataError, Source
from .reading import sample_rows
from .schema import Schema
from .settings import ChunkSettings, TrainSettings
from .streaming import ChunkedResult, OnEpoch, evaluate_in_chunks, train_in_chunks
from .workers import start_workers


def sample_cells(path: Path, drop: tuple[str, ...]) -> pd.DataFrame:
    """Return text cells of rows from all over a file, as `utils.get_data` does of all.

    Raises:
        DataError: If the file cannot be read.
    """
    table = open_table(path)
    columns = [name for name in table.file.columns if name not in drop]
    texts: dict[str, reading.Kind] = dict.fromkeys(columns, "text")
    sample = sample_rows(table, Split(seed=0), columns, texts)
    return sample.sort_index().rename_axis("row")


def train(
    settings: TrainSettings,
    source: Source,
    expected: Schema,
    parameters: dict[str, Any],
    on_epoch: OnEpoch | None = None,
) -> ChunkedResult:
    """Train a linear model on a table, a chunk at a time.

    Args:
        settings: Those of the command.
        source: The table.
        expected: What its columns may hold; a row that is bad ends the training.
        parameters: Those of SGDClassifier or SGDRegressor.
        on_epoch: Called after every epoch with its number and its scores.

    Raises:
        ConfigError: If the settings ask for what cannot be had in chunks.
        DataError: If the columns are others, or a row is bad.
    """
    if settings.estimator != "linear":
        raise ConfigError(
            f"estimator: {settings.estimator} needs all rows in memory, and "
            f"{source.path} is larger than in_memory_mb; take linear, or raise that"
        )
    if settings.quarantine:
        raise ConfigError(
            f"quarantine: {source.path} is larger than in_memory_mb, and rows are only "
            "moved in memory; mend or remove the rows that are named, or raise that"
        )
    if settings.tuned:
        raise ConfigError(
            f"tuned: {source.path} is larger than in_memory_mb; tune on a part of it, "
            "and give what was found as parameters of its own"
        )
    split = Split(settings.seed, settings.test_fraction, settings.validation_fraction)
    pipeline = models.build_pipeline(
        expected.kinds, source.task, "sgd", parameters, settings.seed
    )
    with start_workers(count(settings)) as workers:
        table = opened(settings, source, expected, settings.drop)
        kinds = cell_kinds(expected)
        sample = sample_rows(table, split, list(kinds), kinds)
        checked, problems = check_table(sample, expected, str(source.path))
        good = checked.drop(index=sorted(set(problems["row"])))
        if good.empty:
            raise DataError(f"{source.path}: no row of a sample meets the schema")
        with models.refused_parameters():
            return train_in_chunks(
                table,
                pipeline,
                target=source.target,
                classes=expected.classes,
                kinds=kinds,
                check=partial(check_chunk, expected),
                split=split,
                sample=good,
                workers=workers,
                epochs=settings.epochs,
                progress=not settings.quiet,
                on_epoch=on_epoch,
            )


def evaluate(
    settings: ChunkSettings,
    trained: TrainSettings,
    source: Source,
    expected: Schema,
    pipeline: Any,
) -> dict[str, Any]:
    """Score a pipeline on the test rows of its table, a chunk at a time.

    Args:
        settings: Those of the command.
        trained: Those of the training.
        source: The table.
        expected: What its columns may hold.
        pipeline: The fitted pipeline.
    """
    split = Split(trained.seed, trained.test_fraction, trained.validation_fraction)
    with start_workers(count(settings)) as workers:
        return evaluate_in_chunks(
            opened(settings, source, expected, trained.drop),
            pipeline,
            target=source.target,
            classes=expected.classes,
            kinds=cell_kinds(expected),
            check=partial(check_chunk, expected),
            split=split,
            workers=workers,
            progress=not settings.quiet,
        )


def test_rows(
    trained: TrainSettings, source: Source, expected: Schema, most: int
) -> pd.DataFrame:
    """Return the first test rows of a table that was trained on in chunks.

    Args:
        trained: The settings of the training.
        source: The table.
        expected: What its columns may hold.
        most: How many rows to return, if there are as many.

    Raises:
        DataError: If the table cannot be read, a row is bad, or none is a test row.
    """
    split = Split(trained.seed, trained.test_fraction, trained.validation_fraction)
    table = opened(trained, source, expected, trained.drop)
    kinds = cell_kinds(expected)
    parts: list[pd.DataFrame] = []
    for piece in table.pieces:
        frame = reading.read_pieces(table.file, [piece], kinds)
        frame = frame[split.parts(frame.index.to_numpy()) == TEST]
        parts.append(check_chunk(expected, frame, piece.first_row))
        if sum(map(len, parts)) >= most:
            break
    found = pd.concat(parts)
    if found.empty:
        raise DataError(f"{source.path}: no test rows")
    return found[:most]


def draw(
    settings: ChunkSettings,
    trained: TrainSettings,
    source: Source,
    expected: Schema,
    rows: tuple[int, int],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw rows from all over a table, as it was split for training.

    Args:
        settings: Those of the command.
        trained: Those of the training.
        source: The table.
        expected: What its columns may hold.
        rows: How many to draw at most: of those to train on, of those to test on.

    Returns:
        Good rows of both kinds, with the types of the schema.
    """
    split = Split(trained.seed, trained.test_fraction, trained.validation_fraction)
    table = opened(settings, source, expected, trained.drop)
    kinds = cell_kinds(expected)
    parts = []
    for count_, of_test in zip(rows, (False, True), strict=True):
        cells = sample_rows(table, split, list(kinds), kinds, count_, of_test)
        parts.append(check_chunk(expected, cells.sort_index(), int(cells.index.min())))
    return parts[0], parts[1]


def guess(scores: dict[str, Any]) -> dict[str, float | str]:
    """Return the score of the simplest guess on the rows that were scored."""
    if "r2" in scores:
        return {"r2": 0.0, "guess": "always the mean"}
    most = max(score["support"] for score in scores["classes"].values())
    return {
        "accuracy": most / scores["rows"],
        "guess": "always the most frequent class",
    }


def opened(
    settings: ChunkSettings, source: Source, expected: Schema, drop: tuple[str, ...]
) -> Table:
    """Scan a table for places to cut it, and check its columns.

    Raises:
        DataError: If it cannot be read, or its columns are not those of the schema.
    """
    table = open_table(source.path, settings.chunk_mb * MEGABYTE)
    header = [name for name in table.file.columns if name not in drop]
    require_columns(pd.DataFrame(columns=header), expected.columns, str(source.path))
    return table


def cell_kinds(expected: Schema) -> dict[str, reading.Kind]:
    """Return how the cells of each column are read; dates are text until checked."""
    return {
        name: "number" if column.kind == "number" else "text"
        for name, column in expected.columns.items()
    }


def count(settings: ChunkSettings) -> int:
    """Return the number of processes."""
    return settings.workers or os.cpu_count() or 1
