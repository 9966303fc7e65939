"""The commands train, evaluate and predict: they put the parts together.

Data come from utils.py, the network from models.py, and a finished version goes to
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
from functools import partial
from pathlib import Path
from typing import Any

from . import adapter, export, models, registry, utils
from .config import (
    EvaluateSettings,
    PredictSettings,
    ProjectError,
    Settings,
    TrainSettings,
)
from .files import write_json, write_text
from .registry import RunLogger

logger = logging.getLogger(__name__)

UNFINISHED = ".unfinished"  # models/<name>/.unfinished/<run>/<number>/
CHECKPOINT_SECONDS = 2.0  # a training that is stopped loses no more, and an epoch
# Settings that do not decide the result; with others of the rest, nothing is resumed.
IRRELEVANT = {*Settings.model_fields, "data_url", "resume"}


class ResumeError(ProjectError):
    """There is no unfinished training, or it was started with other settings."""


def train(settings: TrainSettings, run_logger: RunLogger) -> Path:
    """Train a model, keep it as a new version and return its folder."""
    dataset = utils.DATASETS[settings.dataset]
    training, test = utils.load_mnist_data(
        settings.dataset, settings.data_dir, settings.data_url, settings.quiet
    )
    images = utils.preprocess_data(training[0], max_value=dataset.max_value)
    fitted, validation = utils.split_data(
        images, training[1], settings.validation_fraction, settings.seed
    )
    _, height, width = images.shape
    inputs = adapter.Inputs(height=height, width=width, max_value=dataset.max_value)
    facts: dict[str, Any] = {
        "settings": settings.model_dump(mode="json"),
        "seed": settings.seed,
        "dataset": settings.dataset,
        "classes": dataset.classes,
        "inputs": inputs,
        "data_sha256": utils.data_fingerprint(*training),
    }
    #% if cookiecutter.framework == "pytorch"
    models.use_device(settings.device)
    #% endif
    models.set_seed(settings.seed)
    run = Run(settings, facts, run_logger)
    model = run.load() if settings.resume else new_model(settings, fitted[1], inputs)
    run_logger.start("train", settings.dataset, facts["data_sha256"], run.folder.name)
    logger.info("%s: %d images to train on", settings.dataset, len(fitted[1]))
    models.train_model(
        model,
        *fitted,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation_data=validation,
        seed=settings.seed,
        initial_epoch=len(run.history.get("loss", ())),
        on_epoch=lambda number, figures: run.log_epoch(model, number, figures),
        verbose=0,
    )

    def write(folder: Path) -> Mapping[str, Any]:
        models.save_model(model, folder)
        return write_exports(model, folder, inputs, dataset.classes, training[0], test)

    version = run.save(settings.model_dir, write)
    run.remove()
    run_logger.log_version(version)
    print(f"validation accuracy: {run.history['val_accuracy'][-1]:.4f}")
    print(f"model:   {version}")
    return version


def new_model(
    settings: TrainSettings, labels: utils.Labels, inputs: adapter.Inputs
) -> Any:
    """Build and compile the network for a training on so many labels."""
    model = models.build_mnist_model(
        (inputs.height, inputs.width),
        len(utils.DATASETS[settings.dataset].classes),
        settings.hidden_units,
        settings.dropout,
    )
    steps = settings.epochs * -(-len(labels) // settings.batch_size)
    return models.compile_model(model, settings.learning_rate, steps)


class Run:
    """A training, and its last checkpoint: a version in a folder of its own."""

    def __init__(
        self, settings: TrainSettings, facts: dict[str, Any], run_logger: RunLogger
    ) -> None:
        """Begin; `facts` is what the manifest of a version holds of the training."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{os.getpid()}"
        self.folder = settings.model_dir / UNFINISHED / name
        self.epochs, self.facts, self.run_logger = settings.epochs, facts, run_logger
        self.history: dict[str, list[float]] = {}
        self.saved_at = time.monotonic()

    def load(self) -> Any:
        """Go on with the newest unfinished training, and return its model.

        Raises:
            ResumeError: If there is none, or other settings or data would go on.
        """
        where = self.folder.parent
        known = [path for path in where.glob("*") if registry.versions(path)]
        if not known:
            raise ResumeError(f"nothing to resume in {where}; train without --resume")
        self.folder = max(known)
        folder, manifest = registry.load_version(self.folder)
        before = {**manifest.settings, "data": manifest.data_sha256}
        now = {**self.facts["settings"], "data": self.facts["data_sha256"]}
        changed = [
            f"{name} was {before.get(name)!r} and is now {value!r}"
            for name, value in now.items()
            if name not in IRRELEVANT and before.get(name) != value
        ]
        if changed:
            raise ResumeError(
                f"the unfinished training differs: {'; '.join(changed)}. Resume with "
                "the same settings, or train without --resume"
            )
        self.history = manifest.history
        return models.load_model(folder)

    def log_epoch(self, model: Any, number: int, figures: Mapping[str, float]) -> None:
        """Remember the figures of an epoch, counted from 1; save it now and then."""
        for name, value in figures.items():
            self.history.setdefault(name, []).append(float(value))
        self.run_logger.log_epoch(number, figures)
        # The log file has every epoch; ten of them are enough for the terminal.
        often = number % max(1, self.epochs // 10) == 0
        shown = " ".join(f"{name} {value:.4f}" for name, value in figures.items())
        level = logging.INFO if often else logging.DEBUG
        logger.log(level, "epoch %d/%d: %s", number, self.epochs, shown)
        if time.monotonic() - self.saved_at >= CHECKPOINT_SECONDS:
            self.save(self.folder, partial(write_model, model))
            for older in registry.versions(self.folder)[:-1]:
                shutil.rmtree(self.folder / str(older))
            self.saved_at = time.monotonic()

    def save(self, model_dir: Path, write: Callable[[Path], Mapping[str, Any]]) -> Path:
        """Save a version: whole or not at all, whatever stops it."""
        return registry.save_version(
            model_dir,
            write,
            (*models.LIBRARIES, *export.EXPORT_LIBRARIES),
            metrics={name: values[-1] for name, values in self.history.items()},
            history=self.history,
            **self.facts,
        )

    def remove(self) -> None:
        """Remove the checkpoint: the training has finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):  # there was none, or another training is unfinished
            self.folder.parent.rmdir()


def write_model(model: Any, folder: Path) -> Mapping[str, Any]:
    """Write a model, of which the manifest says nothing else."""
    models.save_model(model, folder)
    return {}


def write_exports(
    model: Any,
    folder: Path,
    inputs: adapter.Inputs,
    classes: tuple[str, ...],
    training: utils.Images,
    test: utils.Labelled,
) -> Mapping[str, Any]:
    """Write what servers load, and what later images are compared with.

    Nothing is learned from the test set here, and nothing is scored.
    """
    images, labels = (each[: export.REFERENCE_ROWS] for each in test)
    scaled = utils.preprocess_data(images, max_value=inputs.max_value)
    outputs = models.predict_probabilities(model, scaled)
    described = adapter.describe(training[: export.REFERENCE_ROWS], inputs)
    export.write_reference(folder, described, outputs, labels)
    compared = slice(export.COMPARED_ROWS)
    feeds = adapter.feeds(images[compared], inputs)
    return export.export_model(model, folder, inputs, classes, feeds, outputs[compared])


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
