"""All that serving, explaining, reporting and monitoring see of the data and the model.

A server imports this module for `Inputs` alone: what takes long to import is imported
where it is needed.

Yours: nothing has to change here for other images, or another network.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any{{ ", NamedTuple" if "serve" in cookiecutter.__extras }}

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

if TYPE_CHECKING:
    from .registry import Manifest

Array = npt.NDArray[Any]
Labelled = tuple[Array, Array]  # rows, and what is true of them


#% if "serve" in cookiecutter.__extras
class Limits(NamedTuple):
    """What a pixel may be."""

    minimum: float
    maximum: float


#% endif
class Inputs(BaseModel, extra="forbid", frozen=True):
    """What a model of images has to be given; kept in its manifest."""

    shape: tuple[int, ...]  # of an image: (height, width), or (height, width, 3)
    max_value: float  # the largest pixel value; what images are divided by
    scaled: bool = False  # whether pictures of other sizes are scaled, as in training

    #% if "serve" in cookiecutter.__extras
    @property
    def limits(self) -> dict[str, Limits]:
        """What the values of each input may be."""
        return {"images": Limits(0, self.max_value)}

    #% endif
    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each input of the exported graph; -1: the number of images."""
        return {"images": (-1, *self.shape)}


#% if "monitor" in cookiecutter.__extras
def describe(rows: Array, inputs: Inputs) -> dict[str, Array]:
    """Return what drift is looked for in: single pixels say too little.

    Args:
        rows: Images (n, height, width[, 3]).
        inputs: What the model takes.

    Returns:
        float64 (n,), all in shares of the largest pixel value: `brightness`, the mean;
        `contrast`, the standard deviation; `sharpness`, the mean difference of pixels
        that are neighbours; and the mean of each of up to 49 areas. Of colours, these
        are of the mean of the channels; and `red`, `green` and `blue`, their means.
    """
    images = rows.astype(np.float64) / inputs.max_value
    colours = {}
    if images.ndim == 4:
        means = images.mean(axis=(1, 2)).T
        colours = dict(zip(("red", "green", "blue"), means, strict=True))
        images = images.mean(axis=3)
    across = np.abs(np.diff(images, axis=2)).mean(axis=(1, 2))
    down = np.abs(np.diff(images, axis=1)).mean(axis=(1, 2))
    found = {
        "brightness": images.mean(axis=(1, 2)),
        "contrast": images.std(axis=(1, 2)),
        "sharpness": (across + down) / 2,
        **colours,
    }
    ys, xs = map(edges, images.shape[1:])
    for top, bottom in zip(ys, ys[1:]):
        for left, right in zip(xs, xs[1:]):
            area = images[:, top:bottom, left:right]
            name = f"y{top}-{bottom - 1} x{left}-{right - 1}"
            found[name] = area.mean(axis=(1, 2))
    return found


def edges(size: int) -> list[int]:
    """Return where the areas begin along a side, and where the last one ends."""
    parts = min(7, max(1, size // 2))  # two pixels at least; four of an MNIST image
    return [round(size * part / parts) for part in range(parts + 1)]


#% endif
def feeds(rows: Array, inputs: Inputs) -> dict[str, Array]:
    """Return images as the ONNX graph takes them: float32 (n, height, width[, 3])."""
    (name,) = inputs.shapes
    return {name: rows.astype(np.float32)}


def read_rows(
    path: Path,
    inputs: Inputs,
    cols_to_drop: Sequence[str] = (),
    strict: bool = True,
    files: Sequence[Path] = (),
) -> tuple[Array, Array | None]:
    """Read images, numbers (n, height, width[, 3]); no labels are with them.

    Args:
        path: A .csv file, one image a row, or a .npy file; or a picture, or a folder of
            pictures, in the order of their names.
        inputs: What the model takes.
        cols_to_drop: CSV columns that are not pixels.
        strict: Whether bad rows are an error, which those of images always are.
        files: The pictures, where they are known: a folder is not listed again.

    Raises:
        DataError: If the file cannot be read, its images are of another size, or a
            pixel is out of range.
    """
    from . import pictures, utils
    from .config import DataError

    if path.suffix.lower() in (".csv", ".npy"):
        images = pictures.read_images(path, inputs.shape, cols_to_drop)
        utils.check_images(images, inputs.max_value)
        return images, None
    files = files or pictures.picture_files(path)
    pixels, bad = pictures.read_pictures(files, inputs.shape, inputs.scaled)
    if bad and strict:  # an answer is found by its number
        raise DataError(f"{len(bad)} pictures cannot be read; remove them")
    scale = inputs.max_value / 255
    return pixels if scale == 1 else pixels * scale, None  # which may be in a file


def load_splits(
    manifest: "Manifest", folder: Path, data_dir: Path, quiet: bool = True
) -> tuple[Labelled, Labelled]:
    """Return the training images and the test images, raw, and their labels.

    Raises:
        DataError: If the data set cannot be had, or has changed since the training.
    """
    from . import utils
    from .config import DataError

    shape, url = manifest.inputs.shape, manifest.settings["data_url"]
    data = utils.load_data(manifest.dataset, data_dir, url, quiet, shape)
    if utils.data_fingerprint(*data.training) != manifest.data_sha256:
        raise DataError(
            f"{manifest.dataset} has changed since version {folder.name} was trained; "
            "train a new version"
        )
    return data.training, data.test


def predictor(
    folder: Path, manifest: "Manifest"
) -> Callable[[Array], npt.NDArray[np.float64]]:
    """Return the model itself: raw images to probabilities float64 (n, classes)."""
    from . import models, utils

    model, max_value = models.load_model(folder), manifest.inputs.max_value

    def predict(rows: Array) -> npt.NDArray[np.float64]:
        images = utils.Scaled(rows, max_value)
        return models.predict_probabilities(model, images).astype(np.float64)

    return predict
