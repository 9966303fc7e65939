"""Images: as a file has them, as training had them, and what is compared of them."""

from pathlib import Path

import numpy as np

from .. import utils
from ..inputs import Inputs
from ..registry import Manifest
from ..shared_settings import ExportSettings
from .drift import Array, Variables
from .reference import MOST_ROWS, drawn
from .settings import MonitorSettings

Feeds = dict[str, Array]

AREAS_PER_SIDE = 7  # as few as still tell where the ink is


def input_variables(feeds: Feeds, inputs: Inputs) -> Variables:
    """Return what is compared of images: how bright, how even and how sharp they are.

    Single pixels would be too many, and each of them says too little.

    Args:
        feeds: The images, (n, height, width), by the input's name; or nothing.
        inputs: What images the model takes.

    Returns:
        float64 (n,), all in shares of the largest pixel value: `brightness`, the mean;
        `contrast`, the standard deviation; `sharpness`, the mean difference of pixels
        that are neighbours; and the mean of each of up to 49 areas.
    """
    if not feeds:
        return {}
    (images,) = (each.astype(np.float64) / inputs.max_value for each in feeds.values())
    across = np.abs(np.diff(images, axis=2)).mean(axis=(1, 2))
    down = np.abs(np.diff(images, axis=1)).mean(axis=(1, 2))
    return {
        "brightness": images.mean(axis=(1, 2)),
        "contrast": images.std(axis=(1, 2)),
        "sharpness": (across + down) / 2,
        **areas(images),
    }


def areas(images: Array) -> Variables:
    """Return the mean of each area; they are called by their pixels, from 0."""
    height, width = images.shape[1:]
    ys, xs = edges(height), edges(width)
    return {
        f"y{top}-{bottom - 1} x{left}-{right - 1}": images[
            :, top:bottom, left:right
        ].mean(axis=(1, 2))
        for top, bottom in zip(ys, ys[1:])
        for left, right in zip(xs, xs[1:])
    }


def edges(size: int) -> list[int]:
    """Return where the areas begin along a side, and where the last one ends."""
    parts = min(AREAS_PER_SIDE, max(1, size // 2))  # two pixels at least
    return [round(size * part / parts) for part in range(parts + 1)]


def known_rows(
    settings: ExportSettings, folder: Path, manifest: Manifest
) -> tuple[Feeds, Feeds, Array]:
    """Return training images, and test images with what is true of them.

    Args:
        settings: Those of `export`.
        folder: The version; nothing is needed from it.
        manifest: Its manifest.

    Raises:
        DataError: If the data set cannot be had.
    """
    (training, _), (test, labels) = utils.load_mnist_data(
        manifest.dataset,
        settings.data_dir,
        manifest.settings["data_url"],
        not settings.quiet,
    )
    chosen = drawn(len(training), MOST_ROWS, manifest.seed)
    unseen = drawn(len(test), MOST_ROWS, manifest.seed)
    return (
        as_feeds(training[chosen], manifest.inputs),
        as_feeds(test[unseen], manifest.inputs),
        labels[unseen],
    )


def read_rows(
    settings: MonitorSettings, path: Path, folder: Path, manifest: Manifest
) -> tuple[Feeds, Array, dict[int, str]]:
    """Read the images of a file, whatever is on them.

    Args:
        settings: Those of the command.
        path: As `utils.get_data` takes it.
        folder: The version; nothing is needed from it.
        manifest: Its manifest.

    Returns:
        The feeds of an exported model; the numbers of the images, from 0; and what is
        true of them: nothing, as no such file says.

    Raises:
        DataError: If the file cannot be read, its images are of another size, or a
            pixel is out of range.
    """
    images = utils.get_images(path, settings.drop, manifest.inputs)
    utils.preprocess_data(images, manifest.inputs.max_value)
    numbers = drawn(len(images), settings.max_rows, settings.seed)
    return as_feeds(images[numbers], manifest.inputs), numbers, {}


def as_feeds(images: Array, inputs: Inputs) -> Feeds:
    """Return images as an exported model takes them: float32 (n, height, width)."""
    (name,) = inputs.shapes
    return {name: images.astype(np.float32)}
