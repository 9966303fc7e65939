"""The images that an export is compared with the native model on."""

from pathlib import Path

import numpy as np

from . import models, utils
from .agreement import MOST_ROWS, Sample
from .registry import Manifest
from .shared_settings import ExportSettings

IMAGES = "images"  # what the input is called


def held_out(settings: ExportSettings, folder: Path, manifest: Manifest) -> Sample:
    """Return test images as a request has them, and what the native model says of them.

    Nothing is learned or scored here: their labels are not looked at.

    Args:
        settings: Those of the command.
        folder: The version.
        manifest: Its manifest.

    Raises:
        DataError: If the data set cannot be had.
    """
    _, (pixels, _) = utils.load_mnist_data(
        manifest.dataset,
        settings.data_dir,
        manifest.settings["data_url"],
        not settings.quiet,
    )
    pixels = pixels[:MOST_ROWS]
    images = utils.preprocess_data(pixels, manifest.inputs.max_value)
    return Sample(
        {IMAGES: pixels.astype(np.float32)},
        models.predict_probabilities(models.load_model(folder), images),
    )
