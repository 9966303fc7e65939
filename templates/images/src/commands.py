"""The commands train, evaluate and predict: they put the parts together.

Data come from utils.py, the network from models.py, and a finished version goes to
registry.py. Until then, a checkpoint is a version, hashed as others are, in
`models/<name>/.unfinished/<run>/<number>/`.

Yours: the steps of `train`; a setting that you add is one of `TrainSettings`.
"""

import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from . import adapter, export, models, pictures, registry, utils
from .config import (
    ConfigError,
    EvaluateSettings,
    PredictSettings,
    Settings,
    TrainSettings,
)
from .files import git_commit, library_versions, write_json, write_text

logger = logging.getLogger(__name__)

Part = tuple[utils.Scaled, utils.Labels]

UNFINISHED = ".unfinished"
CHECKPOINT_SECONDS = 2.0  # a training that is stopped loses no more, and an epoch
# Settings that do not decide the result; with others of the rest, nothing is resumed.
IRRELEVANT = {*Settings.model_fields, "data_url", "resume"}


def train(settings: TrainSettings) -> Path:
    """Train a model, keep it as a new version and return its folder."""
    data = load_training(settings)
    fitted, validation = split_training(settings, data)
    #% if cookiecutter.framework == "pytorch"
    models.use_device(settings.device)
    #% endif
    models.set_seed(settings.seed)
    run, count = Run(settings, data), len(fitted[1])
    model = run.load() if settings.resume else new_model(settings, data, count)
    logger.info("%s: %d images to train on", settings.dataset, count)
    models.train_model(
        model,
        *fitted,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation_data=validation,
        seed=settings.seed,
        augment=settings.augment,
        class_weight=utils.class_weights(fitted[1], settings.class_weights),
        initial_epoch=len(run.history.get("loss", ())),
        on_epoch=partial(run.log_epoch, model),
        #% if cookiecutter.framework == "tensorflow"
        verbose=0,
        #% endif
    )
    return run.finish(model, data)


def load_training(settings: TrainSettings) -> utils.Data:
    """Load the data set of a training."""
    size = (settings.image_size, settings.image_size)
    shape = (*size, 3) if settings.colours else size
    place = (settings.data_dir, settings.data_url, settings.quiet)
    return utils.load_data(settings.dataset, *place, shape)


def split_training(settings: TrainSettings, data: utils.Data) -> tuple[Part, Part]:
    """Return the images to fit and those to validate with, each with its labels."""
    images, labels = data.training
    split = utils.split_data(
        np.arange(len(labels)), labels, settings.validation_fraction, settings.seed
    )
    fitted, validation = (
        (utils.Scaled(images, data.inputs.max_value, rows), truth)
        for rows, truth in split
    )
    return fitted, validation


class Run:
    """A training, its history, and its last checkpoint."""

    def __init__(self, settings: TrainSettings, data: utils.Data) -> None:
        """Begin under a name that no other has; note what the manifest is to say."""
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S.%fZ}-{os.getpid()}"
        self.folder = settings.model_dir / UNFINISHED / name
        self.settings = settings
        self.facts: dict[str, Any] = {
            "started": now.isoformat(),
            "settings": settings.model_dump(mode="json"),
            "seed": settings.seed,
            "dataset": settings.dataset,
            "classes": data.classes,
            "inputs": data.inputs,
            "data_sha256": utils.data_fingerprint(*data.training),
            "libraries": library_versions(models.LIBRARIES),
            "git_commit": git_commit(),
        }
        self.history: dict[str, list[float]] = {}
        self.saved_at = time.monotonic()

    def load(self) -> Any:
        """Go on with it, or else the newest unfinished training; return the model.

        Raises:
            ConfigError: If there is none, or other settings or data would go on.
        """
        where = self.folder.parent
        known = [path for path in where.glob("*") if registry.versions(path)]
        if not known:
            raise ConfigError(f"nothing to resume in {where}; train without --resume")
        if self.folder not in known:
            self.folder = max(known)
        folder, manifest = registry.load_version(self.folder)
        before = {**manifest.settings, "data": manifest.data_sha256}
        now = {**self.facts["settings"], "data": self.facts["data_sha256"]}
        changed = [
            f"{name} was {before.get(name)!r} and is now {now[name]!r}"
            for name in now.keys() - IRRELEVANT
            if before.get(name) != now[name]
        ]
        if changed:
            told = f"the unfinished training differs: {'; '.join(sorted(changed))}"
            raise ConfigError(f"{told}. Resume it as it was, or train without --resume")
        self.history, self.facts["started"] = manifest.history, manifest.started
        return models.load_model(folder)

    def log_epoch(self, model: Any, number: int, figures: Mapping[str, float]) -> None:
        """Remember the figures of an epoch, counted from 1; save it now and then."""
        figures = {name: float(value) for name, value in figures.items()}
        for name, value in figures.items():
            self.history.setdefault(name, []).append(value)
        # The log file has every epoch; ten of them are enough for the terminal.
        epochs = self.settings.epochs
        level = logging.DEBUG if number % max(1, epochs // 10) else logging.INFO
        shown = " ".join(f"{name} {value:.4f}" for name, value in figures.items())
        logger.log(level, "epoch %d/%d: %s", number, epochs, shown)
        if time.monotonic() - self.saved_at >= CHECKPOINT_SECONDS:
            self.save(self.folder, partial(models.save_model, model))
            for older in registry.versions(self.folder)[:-1]:
                shutil.rmtree(self.folder / str(older))
            self.saved_at = time.monotonic()

    def save(
        self, model_dir: Path, write: Callable[[Path], Mapping[str, Any] | None]
    ) -> Path:
        """Save a version: whole or not at all, whatever stops it."""
        metrics = {name: values[-1] for name, values in self.history.items()}
        return registry.save_version(
            model_dir, write, metrics=metrics, history=self.history, **self.facts
        )

    def finish(self, model: Any, data: utils.Data) -> Path:
        """Save the model as a version, say so, and return its folder."""
        write = partial(write_exports, model, data.inputs, data.test[0])
        version = self.save(self.settings.model_dir, write)
        shutil.rmtree(self.folder, ignore_errors=True)  # its checkpoints
        logger.info("saved as %s", version)
        print(f"validation accuracy: {self.history['val_accuracy'][-1]:.4f}")
        print(f"model:   {version}")
        return version


def new_model(settings: TrainSettings, data: utils.Data, images: int) -> Any:
    """Build and compile the network for a training on so many images."""
    sizes = data.inputs.shape, len(data.classes)
    build = models.NETWORKS[settings.network]
    model = build(*sizes, settings.hidden_units, settings.dropout)
    steps = settings.epochs * -(-images // settings.batch_size)
    return models.compile_model(model, settings.learning_rate, steps)


def write_exports(
    model: Any, inputs: adapter.Inputs, images: utils.Images, folder: Path
) -> Mapping[str, Any]:
    """Write a model, and what servers load, compared with it on some test images.

    Nothing is learned from the test set here, and nothing is scored.
    """
    models.save_model(model, folder)
    images = images[: models.EVALUATION_BATCH]
    scaled = utils.preprocess_data(images, max_value=inputs.max_value)
    outputs = models.predict_probabilities(model, scaled)
    feeds = adapter.feeds(images, inputs)
    return export.export_model(model, folder, inputs, feeds, outputs)


def evaluate(settings: EvaluateSettings) -> Path:
    """Score a version on the test set and return the file with the metrics."""
    folder, manifest = registry.load_version(settings.model_dir, settings.version)
    _, (images, labels) = adapter.load_splits(
        manifest, folder, settings.data_dir, settings.quiet
    )
    probabilities = adapter.predictor(folder, manifest)(images)
    scores = utils.score_probabilities(probabilities, labels, manifest.classes)
    report = settings.reports_dir / settings.model_name / folder.name / "metrics.json"
    write_json(report, {"model": str(folder), **scores})
    print(f"test accuracy: {scores['accuracy']:.4f}")
    print(f"model:   {folder}\nmetrics: {report}")
    return report


def predict(settings: PredictSettings) -> None:
    """Classify the images of a file; write row, class and probability as CSV."""
    import pandas as pd  # half a second, and nothing else here needs it

    folder, manifest = registry.load_version(settings.model_dir, settings.version)
    path = settings.input
    files = pictures.picture_files(path) if path.is_dir() else []
    images, _ = adapter.read_rows(path, manifest.inputs, settings.drop, files=files)
    outputs = adapter.predictor(folder, manifest)(images)
    classes = np.array(manifest.classes)[outputs.argmax(axis=1)]
    table = pd.DataFrame({"class": classes, "probability": outputs.max(axis=1)})
    if files:
        table["path"] = files
    text = table.to_csv(index_label="row", float_format="%.6f", lineterminator="\n")
    if settings.output is None:
        print(text, end="")
    else:
        write_text(settings.output, text)
        print(f"predictions: {settings.output}")
