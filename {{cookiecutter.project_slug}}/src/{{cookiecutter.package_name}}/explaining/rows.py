"""The rows to explain, and rows that are put together of several.

All methods ask what the model would say if some features were those of another row.
#% if cookiecutter.__data_kind == "images"
A feature is a square patch of pixels: one pixel alone says little.
#% else
A feature is a column of the table: texts and missing values need no arithmetic.
#% endif
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
#% if cookiecutter.__data_kind == "tabular"
import pandas as pd
#% endif

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Rows to explain, training rows to compare them with, and a model of both.

    Attributes:
        predict: From `adapter.predictor`: float64 (m, classes) or (m, 1) of raw rows.
        background: The b training rows, raw.
        explained: The n rows to explain, raw.
        numbers: int64 (n,), where they stand in their file or test set, from 0.
        labels: int64 or float64 (n,), what is true of them; None if not known.
        classes: The names of the outputs; none for a regression.
        unit: What the outputs are: a probability, or the name of the target.
#% if cookiecutter.__data_kind == "images"
        patch_size: Side of the patches, in pixels.
#% endif
    """

    predict: Callable[[Any], FloatArray]
    background: Any
    explained: Any
    numbers: IntArray
    labels: IntArray | FloatArray | None
    classes: tuple[str, ...]
    unit: str
#% if cookiecutter.__data_kind == "images"
    patch_size: int = 4

    @cached_property
    def pool(self) -> FloatArray:
        """All rows: those to compare with, then those to explain."""
        return np.concatenate([self.background, self.explained])

    @cached_property
    def patches(self) -> IntArray:
        """The number of each pixel's patch, int64 (height, width)."""
        ys, xs = np.indices(self.explained.shape[1:]) // self.patch_size
        return np.asarray(ys * (xs.max() + 1) + xs, dtype=np.int64)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The names of the patches: which pixels they are, counted from 0."""
        return tuple(
            f"y{ys.min()}-{ys.max()} x{xs.min()}-{xs.max()}"
            for number in range(self.patches.max() + 1)
            for ys, xs in [np.nonzero(self.patches == number)]
        )

    def outputs(self, origins: IntArray) -> FloatArray:
        """Return the model's outputs for images that are put together of patches.

        Args:
            origins: int64 (m, patches): the number, in the pool, of the image that each
                patch is taken from.
        """
        ys, xs = np.indices(self.patches.shape)
        return self.predict(self.pool[origins[:, self.patches], ys, xs])
#% else

    @cached_property
    def pool(self) -> pd.DataFrame:
        """All rows: those to compare with, then those to explain."""
        return pd.concat([self.background, self.explained], ignore_index=True)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.pool.columns)

    def outputs(self, origins: IntArray) -> FloatArray:
        """Return the model's outputs for rows that are put together of cells.

        Args:
            origins: int64 (m, columns): the number, in the pool, of the row that each
                cell is taken from.
        """
        cells = {
            name: self.pool[name].array.take(origins[:, j])
            for j, name in enumerate(self.pool)
        }
        return self.predict(pd.DataFrame(cells))
#% endif

    @cached_property
    def places(self) -> IntArray:
        """The numbers of the rows to explain in the pool, int64 (n,)."""
        return np.arange(len(self.background), len(self.pool))

    @cached_property
    def column(self) -> IntArray:
        """Which output is explained of each row, int64 (n,): the likeliest class."""
        return np.asarray(self.predict(self.explained).argmax(axis=1), dtype=np.int64)

    @cached_property
    def names(self) -> list[str]:
        """What is explained of each row: a class, or the target."""
        return [(self.classes or (self.unit,))[number] for number in self.column]

    def chosen(self, outputs: FloatArray) -> FloatArray:
        """Return float64 (n,): of outputs of the rows, those that are explained."""
        return outputs[np.arange(len(outputs)), self.column]

    def whole(self, places: IntArray) -> IntArray:
        """Return the origins, int64 (m, features), of rows that are left as they are."""
        return np.repeat(places[:, None], len(self.features), axis=1)
