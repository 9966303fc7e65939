"""What an explanation is, whichever method made it.

For each row, one output of the model is explained: the probability (or score) of the
class that the model predicts, or the predicted number. A feature is a column of a
table, or a square patch of pixels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Contributions:
    """What each feature adds to the explained output of each row.

    Attributes:
        values: float64 (n, features); above 0 where a feature speaks for the output.
        output: float64 (n,), the explained output of the model.
        base: float64 (n,), what the values are added to; None where they are not meant
            to be added up.
        unit: What `values`, `output` and `base` are measured in.
        how: How they were computed, in a sentence.
        maps: float64 (n, height, width), the same for each pixel; None for a table.
    """

    values: FloatArray
    output: FloatArray
    base: FloatArray | None
    unit: str
    how: str
    maps: FloatArray | None = None


@dataclass(frozen=True)
class Explanation:
    """An explanation of some rows.

    Attributes:
        method: shap, lime or eli5.
        features: Their names.
        contributions: What each feature adds to each row's output.
        importance: float64 (features,), how much each one matters over all rows.
        importance_how: What that number is, in a sentence.
        weights: What the model itself holds, as (class, feature, weight); the features
            are those behind its preprocessing. Of ELI5 alone, and not of every model.
    """

    method: str
    features: tuple[str, ...]
    contributions: Contributions
    importance: FloatArray
    importance_how: str
    weights: tuple[tuple[str, str, float], ...] = ()

    @property
    def order(self) -> IntArray:
        """The numbers of the features, the most important first; int64 (features,)."""
        return np.argsort(-self.importance, kind="stable")


MEAN_ABSOLUTE = "the mean, over the rows, of a contribution's absolute value"


def of_contributions(
    method: str, features: tuple[str, ...], contributions: Contributions
) -> Explanation:
    """Return an explanation whose importance is that of its contributions."""
    importance = np.abs(contributions.values).mean(axis=0)
    return Explanation(method, features, contributions, importance, MEAN_ABSOLUTE)


def chosen(values: npt.NDArray[Any], columns: IntArray) -> FloatArray:
    """Return float64 (n,): of each row of (n, columns), the value of its own column."""
    picked = values[np.arange(len(values)), columns]
    return np.asarray(picked, dtype=np.float64)
