"""Small images that train in a second, and what a model of them has to be given."""

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.datasets import load_digits

from {{ cookiecutter.package_name }}.adapter import Inputs

Arrays = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]

# Options of a training that is over at once.
QUICK_TRAINING = ("--epochs", "3", "--hidden-units", "16")
# Files of rows that `monitor` has nothing against, and of others.
CLEAN, CHANGED = "clean.npy", "changed.npy"
INPUTS = Inputs(shape=(8, 8), max_value=16)


@pytest.fixture
def stripes() -> Arrays:
    """240 images of 6x5 pixels in three classes: which third of the rows is bright."""
    generator = np.random.default_rng(0)
    labels = np.array([0, 1, 2] * 80, dtype=np.int64)
    images = generator.random((240, 6, 5), dtype=np.float32) * np.float32(0.5)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 2] += 0.5
    return images, labels


def write_rows(clean: str = CLEAN, changed: str = CHANGED, count: int = 200) -> None:
    """Write digits as they are, and the same as nobody writes them."""
    images = load_digits().images
    images = images[np.random.default_rng(0).permutation(len(images))[:count]]
    np.save(clean, images)
    np.save(changed, images.max() - images)
