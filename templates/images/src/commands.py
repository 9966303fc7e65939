"""The commands train, evaluate and predict: they put the parts together.

Data come from utils.py, the network from models.py, a finished version goes to
registry.py.

Yours: the steps of `train`; a setting that you add is one of `TrainSettings`.
"""

import csv
import io
import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from . import adapter, export, models, registry, utils
from .config import EvaluateSettings, PredictSettings, ProjectError, Settings, TrainSettings
from .files import careful, hashes, write_json, write_text

logger = logging.getLogger(__name__)

UNFINISHED = ".unfinished"  # models/<name>/.unfinished/<run>/<number>/
CHECKPOINT_SECONDS = 2.0  # what a training that is stopped may lose, and an epoch
# What decides a training's result; with the same of these, it can be resumed.
IDENTITY = set(TrainSettings.model_fields) - {*Settings.model_fields, "data_url"}


class ResumeError(ProjectError):
    """There is no unfinished training, or it was started with other settings."""


def train(settings: TrainSettings, run_logger: registry.RunLogger) -> Path:
    """Train a model, keep it as a new version and return its folder."""
    dataset = utils.DATASETS[settings.dataset]
    training, test = utils.load_mnist_data(
        settings.dataset, settings.data_dir, settings.data_url, settings.quiet
    )
    images = utils.preprocess_data(training[0], max_value=dataset.max_value)
    fitted, validation = utils.split_data(
        images, training[1], settings.validation_fraction, settings.seed
    )
    logger.info("%s: %d images to train on", settings.dataset, len(fitted[1]))
    facts = {
        "settings": settings.model_dump(mode="json"),
        "seed": settings.seed,
        "dataset": settings.dataset,
        "classes": dataset.classes,
        "inputs": adapter.Inputs(
            height=images.shape[1], width=images.shape[2], max_value=dataset.max_value
        ),
        "data_sha256": utils.data_fingerprint(*training),
    }
    #% if cookiecutter.framework == "pytorch"
    models.use_device(settings.device)
    #% endif
    models.set_seed(settings.seed)
    if settings.resume:
        saved, manifest = last_checkpoint(settings.model_dir, facts)
        run, model, history = saved.parent, models.load_model(saved), manifest.history
    else:
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{os.getpid()}"
        run, history = settings.model_dir / UNFINISHED / name, {}
        model = new_model(settings, facts["inputs"], len(fitted[1]))
    done = len(history.get("loss", ()))
    logger.info("%s, from epoch %d of %d on", run, done + 1, settings.epochs)
    run_logger.start("train", settings.dataset, facts["data_sha256"], run.name)

    def keep(model_dir: Path, write: Callable[[Path], Mapping[str, Any]]) -> Path:
        metrics = {name: values[-1] for name, values in history.items()}
        libraries = (*models.LIBRARIES, *export.EXPORT_LIBRARIES)
        return registry.save_version(
            model_dir, write, libraries, metrics=metrics, history=history, **facts
        )

    saved_at = time.monotonic()

    def on_epoch(number: int, figures: Mapping[str, float]) -> None:
        nonlocal saved_at
        for name, value in figures.items():
            history.setdefault(name, []).append(float(value))
        run_logger.log_epoch(number, figures)
        log_epoch(number, settings.epochs, figures)
        if time.monotonic() - saved_at >= CHECKPOINT_SECONDS:
            newest = keep(run, lambda folder: models.save_model(model, folder) or {})
            saved_at = time.monotonic()
            for number in registry.versions(run):
                if number != int(newest.name):
                    shutil.rmtree(run / str(number))

    models.train_model(
        model,
        *fitted,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation_data=validation,
        seed=settings.seed,
        on_epoch=on_epoch,
        initial_epoch=done,
        verbose=0,
    )
    version = keep(
        settings.model_dir,
        lambda folder: write_version(model, folder, facts, training[0], test),
    )
    shutil.rmtree(run, ignore_errors=True)
    with suppress(OSError):  # there is none, or another training is unfinished
        run.parent.rmdir()
    run_logger.log_version(version)
    print(f"validation accuracy: {history['val_accuracy'][-1]:.4f}")
    print(f"model:   {version}")
    return version


def exported(
    model: Any,
    folder: Path,
    inputs: adapter.Inputs,
    classes: tuple[str, ...],
    training: utils.Labelled,
    test: utils.Labelled,
) -> Mapping[str, Any]:
    """Write what servers load, and what later images are compared with.

    Nothing is learned from the test set here, and nothing is scored.
    """
    images = test[0][: export.REFERENCE_ROWS]
    outputs = models.predict_probabilities(
        model, utils.preprocess_data(images, max_value=inputs.max_value)
    )
    described = adapter.describe(training[0][: export.REFERENCE_ROWS], inputs)
    labels = test[1][: export.REFERENCE_ROWS]
    export.write_reference(folder, described, outputs, labels)
    compared = slice(export.COMPARED_ROWS)
    feeds = adapter.graph_feeds(images[compared], inputs)
    return export.export_model(
        model, folder, inputs, classes, feeds, outputs[compared]
    )


def evaluate(settings: EvaluateSettings) -> Path:
    """Score a version on the test set and return the file with the metrics."""
    folder, manifest = registry.load_version(settings.model_dir, settings.version)
    _, (images, labels) = utils.load_mnist_data(
        manifest.dataset, settings.data_dir, settings.data_url, settings.quiet
    )
    probabilities = adapter.predictor(folder, manifest)(images)
    scores = utils.score_probabilities(probabilities, labels, manifest.classes)
    report = settings.reports_dir / settings.model_name / folder.name / "metrics.json"
    write_json(report, {"model": str(folder), **scores})
    print(f"{'class':<12} precision  recall  images")
    for name, score in scores["classes"].items():
        print(
            f"{name:<12} {score['precision']:9.4f} {score['recall']:7.4f} "
            f"{score['support']:7.0f}"
        )
    print(f"test accuracy: {scores['accuracy']:.4f}")
    print(f"model:   {folder}")
    print(f"metrics: {report}")
    return report


def predict(settings: PredictSettings) -> None:
    """Classify the images of a file; write row, class and probability as CSV."""
    folder, manifest = registry.load_version(settings.model_dir, settings.version)
    images, _ = adapter.read_rows(settings.input, manifest, folder, settings.drop)
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["row", "class", "probability"])
    for row, values in enumerate(adapter.predictor(folder, manifest)(images)):
        best = int(values.argmax())
        writer.writerow([row, manifest.classes[best], f"{values[best]:.6f}"])
    if settings.output is None:
        print(table.getvalue(), end="")
    else:
        write_text(settings.output, table.getvalue())
        print(f"predictions: {settings.output}")
