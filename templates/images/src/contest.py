"""Two versions of a model, on the same test images."""

from pathlib import Path

from . import models, utils
from .config import ConfigError
from .judging import Comparison, compare_classes
from .registry import Manifest
from .settings import RetrainSettings

Version = tuple[Path, Manifest]


def refuse_incomparable(settings: RetrainSettings, champion: Manifest) -> None:
    """Raise a ConfigError if the champion was trained on another data set."""
    if champion.dataset != settings.dataset:
        raise ConfigError(
            f"dataset: {settings.dataset} has other test images than "
            f"{champion.dataset}, which the version in use was trained on; take that, "
            "or another model_name"
        )


def compare(
    settings: RetrainSettings, champion: Version, challenger: Version
) -> Comparison:
    """Compare two versions on the test images of their data set.

    Raises:
        DataError: If the images cannot be had.
    """
    _, (pixels, labels) = utils.load_mnist_data(
        settings.dataset, settings.data_dir, settings.data_url, not settings.quiet
    )
    images = utils.preprocess_data(pixels, challenger[1].inputs.max_value)
    outputs = [
        models.predict_probabilities(models.load_model(folder), images)
        for folder, _ in (champion, challenger)
    ]
    return compare_classes(labels, *outputs)
