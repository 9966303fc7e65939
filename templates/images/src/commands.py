"""The commands: train, evaluate, predict.

They only put the parts together: settings from `settings`, data from `utils`, the
network from `models`. This module is imported when the framework has been prepared.
"""

import csv
import io
import logging
import time
from pathlib import Path

from . import backend, models, recording, registry, utils
from .checkpoints import Run, State, newest_unfinished
from .datasets import DATASETS
from .files import write_atomically, write_json
from .inputs import Inputs
from .settings import EvaluateSettings, PredictSettings, TrainSettings

logger = logging.getLogger(__name__)

# What decides a training's result; with the same of these, it can be resumed.
IDENTITY = (
    "dataset",
    "validation_fraction",
    "seed",
    "hidden_units",
    "dropout",
    "batch_size",
    "learning_rate",
    "epochs",  # the step size falls over all of them
    *backend.IDENTITY,
)


def train(settings: TrainSettings) -> Path:
    """Train a model, keep it as a new version and return its folder."""
    dataset = DATASETS[settings.dataset]
    (images, labels), _ = utils.load_mnist_data(
        settings.dataset, settings.data_dir, settings.data_url, not settings.quiet
    )
    fingerprint = utils.data_fingerprint(images, labels)
    images = utils.preprocess_data(images, dataset.max_value)
    training, validation = utils.split_data(
        images, labels, settings.validation_fraction, settings.seed
    )
    logger.info(
        "%s: %d images to train on, %d to validate on, %d x %d pixels",
        settings.dataset,
        len(training[1]),
        len(validation[1]),
        *images.shape[1:],
    )
    models.set_seed(settings.seed)
    model_dir = settings.models_dir / settings.model_name
    run, state, saved = start_or_resume(settings, model_dir, fingerprint)
    if saved:
        model = models.load_model(saved)
    else:
        model = models.build_mnist_model(
            images.shape[1:],
            len(dataset.classes),
            settings.hidden_units,
            settings.dropout,
        )
        models.compile_model(
            model,
            settings.epochs * -(-len(training[1]) // settings.batch_size),
            settings.learning_rate,
        )
    with recording.recorded(
        settings, "train", settings.dataset, fingerprint, run.folder.name
    ) as record:
        record.history(state.history)
        started = time.perf_counter()
        history = models.train_model(
            model,
            training,
            validation,
            run,
            state,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            seed=settings.seed,
            quiet=settings.quiet,
            on_epoch=record.epoch,
        )
        seconds = time.perf_counter() - started
        version = registry.save_version(
            model_dir,
            lambda folder: models.save_model(model, folder),
            models.LIBRARIES,
            metrics={name: values[-1] for name, values in history.items()},
            history=history,
            settings=settings.model_dump(mode="json"),
            seed=settings.seed,
            dataset=settings.dataset,
            classes=dataset.classes,
            inputs=Inputs(
                height=images.shape[1],
                width=images.shape[2],
                max_value=dataset.max_value,
            ),
            data_sha256=fingerprint,
        )
        run.remove()
        record.version(version)
        accuracy = history["val_accuracy"][-1]
        logger.info("%d epochs fitted in %.1f s", settings.epochs, seconds)
        print(f"validation accuracy: {accuracy:.4f}")
        print(f"model:   {version}")
    return version


def start_or_resume(
    settings: TrainSettings, model_dir: Path, fingerprint: str
) -> tuple[Run, State, Path | None]:
    """Return the checkpoints, the state and the model to go on from, if any."""
    identity = settings.model_dump(mode="json", include=set(IDENTITY))
    identity["data"] = fingerprint
    if not settings.resume:
        unfinished = Run.unfinished(model_dir)
        if unfinished:
            logger.info(
                "%s is unfinished and kept; --resume goes on with it",
                unfinished[-1].folder,
            )
        return Run.new(model_dir), State(identity), None
    run = newest_unfinished(model_dir)
    state, saved = run.load(identity)
    logger.info("going on after epoch %d of %d", state.epoch, settings.epochs)
    return run, state, saved


def evaluate(settings: EvaluateSettings) -> Path:
    """Score a version on the test set and return the file with the metrics."""
    folder, manifest = registry.load_version(
        settings.models_dir / settings.model_name, settings.version
    )
    _, (images, labels) = utils.load_mnist_data(
        manifest.dataset, settings.data_dir, settings.data_url, not settings.quiet
    )
    scores = models.evaluate_model(
        models.load_model(folder),
        utils.preprocess_data(images, manifest.inputs.max_value),
        labels,
        manifest.classes,
    )
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
    folder, manifest = registry.load_version(
        settings.models_dir / settings.model_name, settings.version
    )
    images = utils.preprocess_data(
        utils.get_images(settings.input, settings.drop, manifest.inputs),
        manifest.inputs.max_value,
    )
    model = models.load_model(folder)
    probabilities = models.predict_probabilities(model, images)
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["row", "class", "probability"])
    for row, values in enumerate(probabilities):
        best = int(values.argmax())
        writer.writerow([row, manifest.classes[best], f"{values[best]:.6f}"])
    if settings.output is None:
        print(table.getvalue(), end="")
    else:
        write_atomically(settings.output, table.getvalue())
        print(f"predictions: {settings.output}")
