"""The commands schema, train, evaluate and predict: they put the parts together.

Tables come from utils.py, what they may hold from schema.py, the rows to test on from
validation.py, the pipeline from models.py; a finished version goes to registry.py.
Yours: the steps of `train`; a setting that you add is one of `TrainSettings`.
"""

import logging
import re
import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from . import adapter, export, models, registry, utils, validation
from .adapter import Inputs
from .config import (
    ConfigError,
    DataError,
    EvaluateSettings,
    PredictSettings,
    Reading,
    SchemaSettings,
    TrainSettings,
)
from .files import git_commit, library_versions, write_json, write_whole
from .schema import infer_schema, remarks, schema_file, write_schema
from .validation import Table

logger = logging.getLogger(__name__)


def schema(settings: SchemaSettings) -> Path:
    """Find out what the columns of a table hold; print it and return the file."""
    known = utils.NAMED.get(settings.data, (None, None))
    target, task = settings.target or known[0], settings.task or known[1]
    file = schema_file(settings)
    if target is None:
        raise ConfigError(f"{settings.data}: name the column to predict by --target")
    if task is None:
        raise ConfigError("say by --task whether it is classification or regression")
    if file.exists() and not settings.force:
        raise ConfigError(f"{file} is there already; replace it with --force")
    path = utils.find_data(settings.data, settings.data_dir, settings.data_sha256)
    reading = Reading(**settings.model_dump(include=set(Reading.model_fields)))
    as_written = reading.model_copy(update={"na_values": ()})
    chunks = utils.read_chunks(path, as_written, dtype=str)
    rows = utils.joined([validation.sample(chunks, seed=0)], path)
    if absent := {target, *settings.drop, *settings.id_columns}.difference(rows):
        hint = "; is sep another character?" if len(rows.columns) == 1 else ""
        told = f"no column {sorted(absent)}; there are {list(rows)}{hint}"
        raise DataError(f"{path}: {told}")
    rows = rows.drop(columns=list(settings.drop))
    inputs = infer_schema(rows, target, task, reading)
    print(write_schema(file, inputs), end="")
    for remark in remarks(rows, inputs):
        print(f"note:    {remark}")
    print(f"schema:  {file}, from {len(rows):,} rows")
    return file


def train(
    settings: TrainSettings, parallel: AbstractContextManager[Any] = nullcontext()
) -> Path:
    """Train a model, keep it as a new version and return its folder.

    It is validated and fitted where joblib's configuration says, `parallel`.
    """
    started, table = datetime.now(UTC).isoformat(), Table.find(settings)
    inputs, dataset = table.inputs, schema_file(settings).stem
    data_sha256 = utils.sha256_of(*table.paths)
    pipeline = models.build_pipeline(
        settings.estimator, inputs.task, settings.parameters, settings.seed
    )
    logger.info("%s: train %s", table.paths[0], pipeline["model"])
    with threadpool_limits(settings.threads or None), parallel:
        test, history = fit(pipeline, table, settings.epochs)
    metrics = {f"{name}_mean": fmean(values) for name, values in history.items()}
    metrics |= {f"{name}_std": pstdev(values) for name, values in history.items()}
    version = registry.save_version(
        settings.model_dir,
        partial(write_exports, pipeline, inputs, test),
        started=started,
        metrics=metrics,
        history=history,
        settings=settings.model_dump(mode="json"),
        seed=settings.seed,
        dataset=dataset,
        classes=inputs.classes,
        inputs=inputs,
        data_sha256=data_sha256,
        libraries=library_versions(models.LIBRARIES),
        git_commit=git_commit(),
    )
    logger.info("saved as %s", version)
    name = next(iter(history))
    mean, deviation = metrics[f"{name}_mean"], metrics[f"{name}_std"]
    print(f"cross-validation {name[3:]}: {mean:.4f} +/- {deviation:.4f}")
    print(f"model:   {version}")
    return version


def fit(
    pipeline: Any, table: Table, epochs: int
) -> tuple[pd.DataFrame, dict[str, list[float]]]:
    """Validate and fit a pipeline; return the test rows, and the scores."""
    settings, inputs = table.settings, table.inputs
    in_chunks = table.exceeds_memory
    if in_chunks and not hasattr(pipeline["model"], "partial_fit"):
        raise ConfigError(
            f"estimator: {settings.estimator} needs all rows at once, and the table "
            "is larger than in_memory_mb; take sgd, or raise that"
        )
    training, test = table.parts()
    logger.info("%d rows to train on, %d to test", len(training), len(test))
    features, labels = validation.split_target(training, inputs)
    folds = table.folds(training)
    history = models.cross_validate(pipeline, features, labels, folds, settings.metric)
    if in_chunks:
        chunks = chain.from_iterable(table.chunks() for _ in range(epochs))
        labelled = (validation.split_target(chunk, inputs) for chunk in chunks)
        sample = features, labels
        models.train_in_chunks(pipeline, sample, labelled, len(inputs.classes))
    else:
        models.train_model(pipeline, features, labels)
    return test, history


def write_exports(
    pipeline: Any, inputs: Inputs, test: pd.DataFrame, folder: Path
) -> dict[str, Any]:
    """Write a model, and what servers load, compared with it on some test rows.

    Nothing is learned from the test rows here, and nothing is scored.
    """
    models.save_model(pipeline, folder)
    rows, _ = validation.split_target(test[: export.COMPARED_ROWS], inputs)
    return export.export_model(pipeline, folder, inputs, rows)


def evaluate(settings: EvaluateSettings) -> Path:
    """Score a version on its test rows or on a file; return the file of metrics."""
    folder, manifest = registry.load_version(settings.model_dir, settings.version)
    inputs, classes = manifest.inputs, manifest.classes
    part, name = "test", "metrics.json"
    if file := settings.input:
        part = re.sub(r"\W+", "_", file.stem)
        name = f"metrics-{part}.json"
        frame = utils.joined(utils.read_checked(file, inputs), file)
        rows, labels = validation.split_target(frame, inputs)
        if utils.sha256_of(file) == manifest.data_sha256:
            print("note:    most of these rows are those that it has learned from")
    else:
        _, (rows, labels) = adapter.load_splits(manifest, folder, settings.data_dir)
    pipeline = models.load_model(folder)
    outputs = models.predict_outputs(pipeline, rows)
    scores = validation.score_outputs(outputs, labels, classes)
    if metric := manifest.settings.get("metric"):
        scores[metric] = models.score_by(metric, pipeline, rows, labels)
    file = settings.reports_dir / settings.model_name / folder.name / name
    write_json(file, {"model": str(folder), **scores})
    for name, score in scores.items():
        if isinstance(score, float):
            print(f"{part} {name}: {score:.4f}")
    if classes and scores["accuracy"] <= scores["baseline"]:
        print("note:    accuracy is no better than that of always the same class")
    print(f"model:   {folder}\nmetrics: {file}")
    return file


def predict(settings: PredictSettings) -> None:
    """Predict the rows of a file, however large; write row and prediction as CSV."""
    folder, manifest = registry.load_version(settings.model_dir, settings.version)
    predictor, inputs = adapter.predictor(folder, manifest), manifest.inputs

    def write(target: Any) -> None:
        chunks = utils.read_checked(settings.input, inputs, target=False)
        for number, rows in enumerate(chunks):
            seen = rows[list(inputs.columns)]
            outputs = predictor(seen) if len(rows) else np.empty((0, 1))
            table: dict[str, Any] = {"value": outputs[:, 0]}
            if inputs.classes:
                table = {"class": np.array(inputs.classes)[outputs.argmax(axis=1)]}
                table["probability"] = outputs.max(axis=1).round(6)
            ids = adapter.readable(rows[list(inputs.id_columns)], inputs)
            told = pd.DataFrame(table, index=rows.index)
            frame = pd.concat([ids, told], axis=1)
            frame.to_csv(target, header=not number, lineterminator="\n", mode="a")

    if settings.output is None:
        write(sys.stdout)
    else:
        write_whole(settings.output, write)
        print(f"predictions: {settings.output}")
