"""The command line: train, evaluate, predict.

It only puts the parts together: settings from `config`, data from `utils`, the network
from `models`. A training framework is imported by the command that needs it, never for
`--help`.
"""

import argparse
import csv
import io
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module, metadata, util
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from .config import (
    COMMANDS,
    ConfigError,
    EvaluateSettings,
    PredictSettings,
    ProjectError,
    TrainSettings,
    load_settings,
)

if TYPE_CHECKING:
    from .checkpoints import Run, State

logger = logging.getLogger(__name__)

PROGRAM = "{{ cookiecutter.project_slug }}"
LOGGING_CONFIG = Path("configs/logging.yaml")
STDERR = 2  # the file descriptor, whatever sys.stderr is

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
    "keras_backend",
)


def prepare_backend(keras_backend: str = "tensorflow", op_threads: int = 1) -> None:
    """Set what Keras and TensorFlow read when they are imported, and import them.

    Raises:
        ConfigError: If the backend is not installed.
    """
    if util.find_spec(keras_backend) is None:
        raise ConfigError(
            f"keras_backend: {keras_backend} is not installed; install it with "
            f"`uv pip install -r requirements/{keras_backend}.txt`"
        )
    os.environ["KERAS_BACKEND"] = keras_backend
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(op_threads)
    # TensorFlow raises what matters; the rest of what its C++ code prints is noise.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silenced_stderr():
        import_module("keras")


@contextmanager
def silenced_stderr() -> Iterator[None]:
    """Hide what C++ code writes to the terminal; exceptions are not affected.

    TensorFlow 2.21 announces its processor options at the import, at every log level.
    """
    terminal = os.dup(STDERR)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), STDERR)
        yield
    finally:
        os.dup2(terminal, STDERR)
        os.close(terminal)


def train(settings: TrainSettings) -> Path:
    """Train a model, keep it as a new version and return its folder."""
    prepare_backend(settings.keras_backend, settings.op_threads)
    from . import models, registry, utils
    from .datasets import DATASETS

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
            settings.steps_per_execution,
        )
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
    )
    seconds = time.perf_counter() - started
    version = registry.save_version(
        model_dir,
        lambda folder: models.save_model(model, folder),
        metrics={name: values[-1] for name, values in history.items()},
        history=history,
        settings=settings.model_dump(mode="json"),
        seed=settings.seed,
        dataset=settings.dataset,
        classes=dataset.classes,
        max_value=dataset.max_value,
        input_shape=images.shape[1:],
        data_sha256=fingerprint,
    )
    run.remove()
    accuracy = history["val_accuracy"][-1]
    logger.info("%d epochs fitted in %.1f s", settings.epochs, seconds)
    print(f"validation accuracy: {accuracy:.4f}")
    print(f"model:   {version}")
    return version


def start_or_resume(
    settings: TrainSettings, model_dir: Path, fingerprint: str
) -> tuple["Run", "State", Path | None]:
    """Return the checkpoints, the state and the model to go on from, if any."""
    from .checkpoints import Run, State, newest_unfinished

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
    prepare_backend()
    from . import models, registry, utils

    folder, manifest = registry.load_version(
        settings.models_dir / settings.model_name, settings.version
    )
    _, (images, labels) = utils.load_mnist_data(
        manifest.dataset, settings.data_dir, settings.data_url, not settings.quiet
    )
    scores = models.evaluate_model(
        models.load_model(folder / models.MODEL_FILE),
        utils.preprocess_data(images, manifest.max_value),
        labels,
        manifest.classes,
    )
    report = settings.reports_dir / settings.model_name / folder.name / "metrics.json"
    utils.write_json(report, {"model": str(folder), **scores})
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
    prepare_backend()
    from . import models, registry, utils
    from .datasets import DataError

    folder, manifest = registry.load_version(
        settings.models_dir / settings.model_name, settings.version
    )
    pixels = utils.get_data(settings.input, settings.drop)
    expected = manifest.input_shape[0] * manifest.input_shape[1]
    if pixels.size == 0 or pixels.size != len(pixels) * expected:
        raise DataError(
            f"{settings.input} has the shape {pixels.shape}; the model takes images "
            f"of {manifest.input_shape[0]} x {manifest.input_shape[1]} pixels"
        )
    images = utils.preprocess_data(
        pixels.reshape(-1, *manifest.input_shape), manifest.max_value
    )
    model = models.load_model(folder / models.MODEL_FILE)
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
        utils.write_atomically(settings.output, table.getvalue())
        print(f"predictions: {settings.output}")


def run_command(name: str, arguments: Sequence[str]) -> None:
    """Read a command's settings, set logging up and run the command."""
    settings = load_settings(COMMANDS[name], arguments, f"{PROGRAM} {name}")
    from .utils import set_up_logging

    log_file = set_up_logging(
        LOGGING_CONFIG, settings.log_dir, settings.log_level, settings.quiet
    )
    logger.debug("%s with %s", name, settings.model_dump(mode="json"))
    actions: dict[str, Callable[..., object]] = {
        "train": train,
        "evaluate": evaluate,
        "predict": predict,
    }
    actions[name](settings)
    if name != "predict":
        print(f"log:     {log_file}")


def stop(number: int, frame: FrameType | None) -> None:
    """Leave as Ctrl-C does: whatever is half done is put away on the way out."""
    raise KeyboardInterrupt(number)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: The arguments; those of the process if not given.

    Returns:
        The exit status: 0, or 2 if something was refused, or 128 plus the signal
        that stopped it.
    """
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=metadata.metadata(PROGRAM)["Summary"],
        epilog=f"Options of a command: {PROGRAM} COMMAND --help",
    )
    parser.add_argument(
        "--version", action="version", version=metadata.version(PROGRAM)
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, settings in COMMANDS.items():
        commands.add_parser(name, help=settings.__doc__, add_help=False)
    chosen, rest = parser.parse_known_args(arguments)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        run_command(chosen.command, rest)
    except KeyboardInterrupt as stopped:
        number = stopped.args[0] if stopped.args else signal.SIGINT
        print("stopped; a training goes on with --resume", file=sys.stderr)
        return 128 + number
    except ProjectError as error:
        print(f"{PROGRAM} {chosen.command}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
