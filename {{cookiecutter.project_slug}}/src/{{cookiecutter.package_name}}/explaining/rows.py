"""The rows to explain, and rows that are put together of several.

#% if cookiecutter.__data_kind == "images"
A feature is a square patch of pixels: one pixel alone says little.
#% else
A feature is a column: texts and missing values need no arithmetic.
#% endif
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
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
from . import ExplainSettings

#% if cookiecutter.__data_kind == "images"
PATCHES = 7  # across an image; about as many as a person would point at
#% endif
MOST_VALUES = 150_000_000  # that SHAP gives a model, unless told: a minute of a CNN
MOST_ROWS = 50  # to explain, unless told
ORDERS = 2  # of the features, forwards and backwards, for each row (SHAP)
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Rows to explain, training rows to compare them with, and a model.

    Attributes:
        predict: From `adapter.predictor`: float64 (m, classes) or (m, 1) of raw rows.
        background: The b training rows, raw.
        explained: The n rows to explain, raw.
        numbers: int64 (n,), their numbers in the data, as `predict` counts them.
        total: Of how many rows they were drawn.
        inputs: What a row must be.
    """

    predict: Callable[[Any], FloatArray]
    background: Any
    explained: Any
    numbers: IntArray
    total: int
    inputs: adapter.Inputs

#% if cookiecutter.__data_kind == "images"
    @cached_property
    def patches(self) -> IntArray:
        """The number of each pixel's patch, int64 (height, width)."""
        shape = self.explained.shape[1:3]
        ys, xs = np.indices(shape) // max(2, round(shape[0] / PATCHES))
        return np.asarray(ys * (xs.max() + 1) + xs, dtype=np.int64)

    @cached_property
    def features(self) -> list[str]:
        """The names of the patches: which pixels they are, counted from 0."""
        places = [np.nonzero(self.patches == i) for i in np.unique(self.patches)]
        return [f"y{y.min()}-{y.max()} x{x.min()}-{x.max()}" for y, x in places]

    def cells(self) -> FloatArray:
        """Return how bright the patches of each image are, (n, patches)."""
        masks = np.eye(len(self.features))[self.patches]  # (height, width, patches)
        grey = self.explained if self.explained.ndim == 3 else self.explained.mean(3)
        return np.tensordot(grey, masks / masks.sum(axis=(0, 1)))

    def outputs(self, origins: IntArray) -> FloatArray:
        """Return the outputs of images that are put together.

        Args:
            origins: int64 (m, patches): the number of the image that each patch is
                taken from, first those to compare with, then those to explain.
        """
        pool = np.concatenate([self.background, self.explained])
        places = np.indices(self.patches.shape)
        return self.predict(pool[origins[:, self.patches], *places])

#% else
    @property
    def features(self) -> list[str]:
        """The names of the columns."""
        return list(self.explained)

    def cells(self) -> npt.NDArray[Any]:
        """Return what the columns of each row hold, (n, columns)."""
        return np.asarray(adapter.readable(self.explained, self.inputs), dtype=object)

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
    (known, _), (rows, _) = adapter.load_splits(
        manifest, folder, settings.data_dir, settings.quiet
    )
    if settings.input:
        rows, _ = adapter.read_rows(settings.input, manifest.inputs, settings.drop)
    numbers = np.asarray(getattr(rows, "index", np.arange(len(rows))))
    if settings.row is not None:
        rows, numbers = rows[numbers == settings.row], numbers[numbers == settings.row]
    if not len(numbers):
        data = settings.input or "the test set"
        raise DataError(f"row {settings.row} is not in {data}; `predict` numbers rows")
    draw = partial(resample, replace=False, random_state=settings.seed)
    background = draw(known, n_samples=min(len(known), settings.background_rows))
    predict, total = adapter.predictor(folder, manifest), len(numbers)
    every = Rows(predict, background, rows, numbers, total, manifest.inputs)
    asked = ORDERS * (2 * len(every.features) + 1) * background.size  # for each row
    few = settings.explained_rows or max(1, min(MOST_ROWS, MOST_VALUES // asked))
    numbers, rows = draw(numbers, rows, n_samples=min(total, few))
    return replace(every, explained=rows, numbers=numbers)
