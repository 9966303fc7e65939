"""What is explained: a network, images to explain and images to compare them with."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import models, utils
from ..registry import Manifest
from ..settings import ExplainSettings
from .explanation import FloatArray, IntArray

PATCHES_PER_SIDE = 7  # about as many as a person would point at
SMALLEST_PATCH = 2  # pixels; one alone says little


@dataclass(frozen=True)
class Subject:
    """A network and some images, put together as `agnostic.Pool` says.

    Attributes:
        model: From `models.load_model`.
        background: float32 (b, height, width) in [0, 1], the images to compare with.
        rows: float32 (n, height, width) in [0, 1], the images to explain.
        numbers: int64 (n,), their numbers in the file or the test set, from 0.
        labels: int64 (n,), their true classes; None if not known.
        classes: The name of each class.
        patches: int64 (height, width), the number of each pixel's patch.
        unit: What the outputs are.
    """

    model: Any
    background: npt.NDArray[np.float32]
    rows: npt.NDArray[np.float32]
    numbers: IntArray
    labels: IntArray | None
    classes: tuple[str, ...]
    patches: IntArray
    unit: str = "probability"

    @property
    def compared(self) -> int:
        """The number of images to compare with."""
        return len(self.background)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The names of the patches: which pixels they are, counted from 0."""
        return tuple(
            f"y{ys.min()}-{ys.max()} x{xs.min()}-{xs.max()}"
            for number in range(int(self.patches.max()) + 1)
            for ys, xs in [np.nonzero(self.patches == number)]
        )

    @cached_property
    def explained(self) -> IntArray:
        """The likeliest class of each image, int64 (n,)."""
        return np.asarray(self.predict(self.rows).argmax(axis=1), dtype=np.int64)

    @cached_property
    def pool(self) -> npt.NDArray[np.float32]:
        """All images: those to compare with, then those to explain."""
        return np.concatenate([self.background, self.rows])

    @property
    def explained_names(self) -> tuple[str, ...]:
        """The name of the class that is explained of each image."""
        return tuple(self.classes[number] for number in self.explained)

    @property
    def fingerprint(self) -> str:
        """A SHA-256 of the images to explain."""
        return utils.data_fingerprint(self.rows, self.numbers)

    def predict(self, images: npt.NDArray[Any]) -> FloatArray:
        """Return the probabilities, float64 (m, classes), of images in [0, 1]."""
        known = np.asarray(images, dtype=np.float32)
        return models.predict_probabilities(self.model, known).astype(np.float64)

    def outputs(self, origins: IntArray) -> FloatArray:
        """Return the probabilities of images that are put together from patches.

        Args:
            origins: int64 (m, patches): the number of the image that each is taken
                from, first those to compare with, then those to explain.
        """
        ys, xs = np.indices(self.patches.shape)
        return self.predict(self.pool[origins[:, self.patches], ys, xs])

    def by_patch(self, maps: FloatArray) -> FloatArray:
        """Add up (n, height, width) to (n, patches)."""
        added = np.zeros((len(self.features), len(maps)))
        np.add.at(added, self.patches.ravel(), maps.reshape(len(maps), -1).T)
        return added.T

    def by_pixel(self, values: FloatArray) -> FloatArray:
        """Spread (n, patches) evenly over their pixels: (n, height, width)."""
        sizes = np.bincount(self.patches.ravel())
        return (values / sizes)[:, self.patches]


def grid(height: int, width: int, patch: int | None) -> IntArray:
    """Return the number of each pixel's square patch, int64 (height, width).

    Args:
        height: Of an image, in pixels.
        width: The same.
        patch: The side of a patch; about a seventh of the height if not given.
    """
    side = patch or max(SMALLEST_PATCH, round(height / PATCHES_PER_SIDE))
    across = -(-width // side)
    ys, xs = np.indices((height, width))
    return np.asarray(ys // side * across + xs // side, dtype=np.int64)


def load_subject(
    settings: ExplainSettings, folder: Path, manifest: Manifest
) -> Subject:
    """Read the model, the images to explain and the training images.

    Args:
        settings: Those of the command.
        folder: The version's folder.
        manifest: Its manifest.

    Raises:
        DataError: If the images cannot be had, or are not what the model takes.
    """
    inputs = manifest.inputs
    (training, _), (images, labels) = utils.load_mnist_data(
        manifest.dataset, settings.data_dir, settings.data_url, not settings.quiet
    )
    known: IntArray | None = labels
    if settings.input is not None:
        images, known = utils.get_images(settings.input, settings.drop, inputs), None
    background = draw(len(training), settings.background_rows, settings.seed)
    numbers = draw(len(images), settings.explained_rows, settings.seed)
    return Subject(
        model=models.load_model(folder),
        background=utils.preprocess_data(training[background], inputs.max_value),
        rows=utils.preprocess_data(images[numbers], inputs.max_value),
        numbers=numbers,
        labels=None if known is None else known[numbers],
        classes=manifest.classes,
        patches=grid(inputs.height, inputs.width, settings.patch_size),
    )


def draw(count: int, most: int, seed: int) -> IntArray:
    """Return the numbers of at most so many rows, drawn by a seed, in their order."""
    drawn = np.random.default_rng(seed).permutation(count)[:most]
    return np.sort(drawn).astype(np.int64)
