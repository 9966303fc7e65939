"""The commands train, evaluate and predict: they put the parts together.

Data come from utils.py, the network from models.py, and a finished version goes to
registry.py. Yours: the steps of `train`; a setting that you add is one of
`TrainSettings`.
"""

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from . import adapter, export, models, pictures, registry, utils
from .checkpoints import Run
from .config import EvaluateSettings, PredictSettings, TrainSettings
from .files import write_json, write_text

logger = logging.getLogger(__name__)


def train(settings: TrainSettings) -> Path:
    """Train a model, keep it as a new version and return its folder."""
    data, inputs = load_training(settings)
    images, labels = data.training
    split = utils.split_data(
        np.arange(len(labels)), labels, settings.validation_fraction, settings.seed
    )
    scaled = utils.Scaled(images, data.max_value)
    fitted, validation = ((scaled.part(rows), truth) for rows, truth in split)
    #% if cookiecutter.framework == "pytorch"
    models.use_device(settings.device)
    #% endif
    models.set_seed(settings.seed)
    run = Run(settings, inputs, data)
    count = len(fitted[1])
    model = run.load() if settings.resume else new_model(settings, inputs, data, count)
    told = {name: run.facts[name] for name in ("dataset", "data_sha256")}
    told |= {"command": "train", "name": run.folder.name}
    text = "%s: %d images to train on"
    logger.info(text, settings.dataset, count, extra={"run": told})
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
    write = partial(write_exports, model, inputs, data.test[0])
    version = run.save(settings.model_dir, write)
    run.remove()
    logger.info("saved as %s", version, extra={"version": str(version)})
    print(f"validation accuracy: {run.history['val_accuracy'][-1]:.4f}")
    print(f"model:   {version}")
    return version


def load_training(settings: TrainSettings) -> tuple[utils.Data, adapter.Inputs]:
    """Load the data set of a training, and say what its images are."""
    size = (settings.image_size, settings.image_size)
    shape = (*size, 3) if settings.colours else size
    place = (settings.data_dir, settings.data_url, settings.quiet)
    data = utils.load_data(settings.dataset, *place, shape)
    images = data.training[0]
    return data, adapter.Inputs(
        height=images.shape[1],
        width=images.shape[2],
        colours=images.ndim == 4,
        max_value=data.max_value,
        scaled=settings.dataset not in utils.DATASETS,
    )


def new_model(
    settings: TrainSettings, inputs: adapter.Inputs, data: utils.Data, images: int
) -> Any:
    """Build and compile the network for a training on so many images."""
    build, sizes = models.NETWORKS[settings.network], (inputs.shape, len(data.classes))
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
