#% if cookiecutter.__data_kind == "images"
"""Images to explain, and images that are put together of patches of several.

A feature is a square patch of pixels: one pixel alone says little.
"""
#% else
"""Rows to explain, and rows that are put together of the cells of several.

A feature is a column: texts and missing values need no arithmetic.
"""
#% endif

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
#% if cookiecutter.__data_kind == "tabular"
import pandas as pd
#% endif
from sklearn.utils import resample

from .. import adapter
from ..config import DataError
from ..registry import Manifest
from .settings import ExplainSettings

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Rows to explain, training rows to compare them with, and a model.

    Attributes:
        predict: From `adapter.predictor`: float64 (m, classes) or (m, 1) of raw rows.
        background: The b training rows, raw.
        explained: The n rows to explain, raw.
        numbers: int64 (n,), where they stand in their file or test set, from 0.
        classes: The names of the outputs; none for a regression.
    """

    predict: Callable[[Any], FloatArray]
    background: Any
    explained: Any
    numbers: IntArray
    classes: tuple[str, ...]
#% if cookiecutter.__data_kind == "images"
    patch_size: int = 4

    @cached_property
    def patches(self) -> IntArray:
        """The number of each pixel's patch, int64 (height, width)."""
        ys, xs = np.indices(self.explained.shape[1:]) // self.patch_size
        return np.asarray(ys * (xs.max() + 1) + xs, dtype=np.int64)

    @cached_property
    def features(self) -> list[str]:
        """The names of the patches: which pixels they are, counted from 0."""
        places = [np.nonzero(self.patches == i) for i in range(self.patches.max() + 1)]
        return [f"y{y.min()}-{y.max()} x{x.min()}-{x.max()}" for y, x in places]

    def cells(self) -> FloatArray:
        """Return how bright the patches of each image are, (n, patches)."""
        masks = np.eye(len(self.features))[self.patches]  # (height, width, patches)
        return np.tensordot(self.explained, masks / masks.sum(axis=(0, 1)))

    def outputs(self, origins: IntArray) -> FloatArray:
        """Return the outputs of images that are put together.

        Args:
            origins: int64 (m, patches): the number of the image that each patch is
                taken from, first those to compare with, then those to explain.
        """
        pool = np.concatenate([self.background, self.explained])
        ys, xs = np.indices(self.patches.shape)
        return self.predict(pool[origins[:, self.patches], ys, xs])
#% else

    @property
    def features(self) -> list[str]:
        """The names of the columns."""
        return list(self.explained)

    def cells(self) -> npt.NDArray[Any]:
        """Return what the columns of each row hold, (n, columns)."""
        return np.asarray(self.explained.to_numpy(dtype=object))

    def outputs(self, origins: IntArray) -> FloatArray:
        """Return the outputs of rows that are put together.

        Args:
            origins: int64 (m, columns): the number of the row that each cell is taken
                from, first those to compare with, then those to explain.
        """
        pool = pd.concat([self.background, self.explained])
        columns = zip(pool, origins.T, strict=True)
        cells = {name: pool[name].array.take(numbers) for name, numbers in columns}
        return self.predict(pd.DataFrame(cells))
#% endif

    @cached_property
    def column(self) -> IntArray:
        """Which output is explained of each row, int64 (n,): that of its class."""
        return np.asarray(self.predict(self.explained).argmax(axis=1), dtype=np.int64)

    def chosen(self, outputs: FloatArray) -> FloatArray:
        """Return float64 (n,): of outputs of the rows, those that are explained."""
        return outputs[np.arange(len(outputs)), self.column]

    def origins(self) -> IntArray:
        """Return the origins of all rows as they are, int64 (b + n, features)."""
        numbers = np.arange(len(self.background) + len(self.explained))
        return np.repeat(numbers[:, None], len(self.features), axis=1)


def load_rows(settings: ExplainSettings, folder: Path, manifest: Manifest) -> Rows:
    """Read the model and the rows; a DataError says why they cannot be had."""
    (training, _), (rows, _) = adapter.load_splits(
        manifest, folder, settings.data_dir, settings.quiet
    )
    if settings.input:
        names = settings.cols_to_drop
        rows, _ = adapter.read_rows(settings.input, manifest, folder, names)
    numbers = np.arange(len(rows))
    if settings.row is not None:
        one = slice(settings.row, settings.row + 1)
        numbers, rows = numbers[one], rows[one]
    if not len(numbers):
        raise DataError("there is no such row to explain")
    few = {"replace": False, "random_state": settings.seed}
    count = min(len(rows), settings.explained_rows)
    numbers, rows = resample(numbers, rows, n_samples=count, **few)
    count = min(len(training), settings.background_rows)
    background = resample(training, n_samples=count, **few)
    predict = adapter.predictor(folder, manifest)
#% if cookiecutter.__data_kind == "images"
    size = settings.patch_size
    return Rows(predict, background, rows, numbers, manifest.classes, size)
#% else
    return Rows(predict, background, rows, numbers, manifest.classes)
#% endif
