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

# What decides a training's result; with the same of these, it can be resumed.
IDENTITY = TrainSettings.model_fields.keys() - Settings.model_fields - {"data_url", "resume"}
UNFINISHED, STATE_FILE = ".unfinished", "state.json"


class ResumeError(ProjectError):
    """There is nothing to resume, it is damaged, or made with other settings."""


class Checkpoint(BaseModel):
    """How far a training is."""

    identity: dict[str, Any]  # what decides the result: settings and the data
    epoch: int = 0  # epochs done
    history: dict[str, list[float]] = {}  # one value an epoch for each metric
    files: dict[str, str] = {}  # SHA-256 of what was saved with it


def save_checkpoint(
    run: Path, state: Checkpoint, write_model: Callable[[Path], None]
) -> None:
    """Keep an epoch, whole or not at all, then drop the ones before it.

    Args:
        run: The folder of this training's checkpoints.
        state: How far it is.
        write_model: Called with the folder to write the model into.
    """
    target = run / f"{state.epoch:06d}"
    temporary = run / f".{target.name}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    write_model(temporary)
    state.files = hashes(temporary)
    write_json(temporary / STATE_FILE, state.model_dump(mode="json"))
    temporary.rename(target)
    for older in sorted(run.glob("[0-9]*"))[:-1]:
        shutil.rmtree(older)


def load_checkpoint(model_dir: Path, identity: dict[str, Any]) -> tuple[Path, Checkpoint]:
    """Return the folder of the newest unfinished training's last epoch, and its state.

    Raises:
        ResumeError: If there is none, a file is not the one that was saved, or it was
            made with other settings or other data.
    """
    found = sorted((model_dir / UNFINISHED).glob("*/[0-9]*"))
    if not found:
        raise ResumeError(
            f"nothing to resume below {model_dir / UNFINISHED}; train without --resume"
        )
    folder = found[-1]
    advice = f"remove {folder.parent} and train again"
    with careful(folder / STATE_FILE, advice):
        state = Checkpoint.model_validate_json((folder / STATE_FILE).read_bytes())
    files = hashes(folder)
    del files[STATE_FILE]
    if files != state.files:
        raise ResumeError(f"files in {folder} are not as they were written; {advice}")
    changed = [
        f"{key} was {state.identity.get(key)!r} and is now {value!r}"
        for key, value in identity.items()
        if state.identity.get(key) != value
    ]
    if changed:
        raise ResumeError(
            f"the unfinished training differs: {'; '.join(changed)}. Resume with the "
            "same settings, or train without --resume"
        )
    return folder, state


def train(settings: TrainSettings, run_logger: registry.RunLogger) -> Path:
    """Train a model, keep it as a new version and return its folder."""
    dataset = utils.DATASETS[settings.dataset]
    training, test = utils.load_mnist_data(
        settings.dataset, settings.data_dir, settings.data_url, settings.quiet
    )
    fingerprint = utils.data_fingerprint(*training)
    images = utils.preprocess_data(training[0], max_value=dataset.max_value)
    (x_train, y_train), validation = utils.split_data(
        images, training[1], settings.validation_fraction, settings.seed
    )
    logger.info(
        "%s: %d images of %d x %d pixels to train on, %d to validate on",
        settings.dataset,
        *x_train.shape,
        len(validation[1]),
    )
    identity = settings.model_dump(mode="json", include=set(IDENTITY))
    identity["data"] = fingerprint
    #% if cookiecutter.framework == "pytorch"
    models.use_device(settings.device)
    #% endif
    models.set_seed(settings.seed)
    if settings.resume:
        saved, state = load_checkpoint(settings.model_dir, identity)
        run, model = saved.parent, models.load_model(saved)
        logger.info("going on after epoch %d of %d", state.epoch, settings.epochs)
    else:
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{os.getpid()}"
        run, state = settings.model_dir / UNFINISHED / name, Checkpoint(identity=identity)
        model = models.build_mnist_model(
            x_train.shape[1:],
            len(dataset.classes),
            settings.hidden_units,
            settings.dropout,
        )
        steps = settings.epochs * -(-len(y_train) // settings.batch_size)
        models.compile_model(model, settings.learning_rate, steps)
    run_logger.start("train", settings.dataset, fingerprint, run.name)

    def on_epoch(number: int, figures: Mapping[str, float]) -> None:
        for key, value in figures.items():
            state.history.setdefault(key, []).append(float(value))
        state.epoch = number
        save_checkpoint(run, state, lambda folder: models.save_model(model, folder))
        run_logger.log_epoch(number, figures)
        shown = " ".join(f"{key} {value:.4f}" for key, value in figures.items())
        # The file has every epoch; ten of them are enough for the terminal.
        often = number % max(1, settings.epochs // 10) == 0
        level = logging.INFO if often else logging.DEBUG
        logger.log(level, "epoch %d/%d: %s", number, settings.epochs, shown)

    started = time.perf_counter()
    models.train_model(
        model,
        x_train,
        y_train,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation_data=validation,
        seed=settings.seed,
        on_epoch=on_epoch,
        initial_epoch=state.epoch,
        verbose=0,
    )
    logger.info("fitted in %.1f s", time.perf_counter() - started)
    inputs = adapter.Inputs(
        height=images.shape[1], width=images.shape[2], max_value=dataset.max_value
    )

    def write(folder: Path) -> Mapping[str, Any]:
        models.save_model(model, folder)
        return exported(model, folder, inputs, dataset.classes, training, test)

    version = registry.save_version(
        settings.model_dir,
        write,
        (*models.LIBRARIES, *export.EXPORT_LIBRARIES),
        metrics={key: values[-1] for key, values in state.history.items()},
        history=state.history,
        settings=settings.model_dump(mode="json"),
        seed=settings.seed,
        dataset=settings.dataset,
        classes=dataset.classes,
        inputs=inputs,
        data_sha256=fingerprint,
    )
    shutil.rmtree(run, ignore_errors=True)
    with suppress(OSError):  # another training is unfinished
        run.parent.rmdir()
    run_logger.log_version(version)
    print(f"validation accuracy: {state.history['val_accuracy'][-1]:.4f}")
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
