"""Scores of the test set, and how far another test set could move them.

An interval comes from test sets that are drawn from the one there is, with
replacement: the percentile bootstrap. Source: Efron and Tibshirani, An Introduction to
the Bootstrap, 1993, chapter 13. It knows nothing of another training, nor of data of
another kind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Statistic = Callable[[IntArray], Any]  # of the places of rows (..., n): (...)
BATCH = 50  # test sets in memory at once


@dataclass(frozen=True)
class Drawing:
    """How test sets are drawn.

    Attributes:
        samples: How many.
        confidence: The part of them that an interval covers, in (0, 1).
        seed: Of what is random.
    """

    samples: int
    confidence: float
    seed: int

    def sentence(self, rows: int, noun: str) -> str:
        """Say what an interval is."""
        return (
            f"Intervals cover {self.confidence:.0%} of {self.samples} test sets of "
            f"{rows} {noun}, drawn from these with replacement (percentile "
            "bootstrap, Efron and Tibshirani, 1993). One of no width says that no such "
            "set differs, not that the model is perfect."
        )


@dataclass(frozen=True)
class Measure:
    """A score.

    Attributes:
        key: Its name for programs.
        name: Its name for people.
        value: Of the whole test set.
        low: Where its interval starts; None if it has none.
        high: Where that ends.
    """

    key: str
    name: str
    value: float
    low: float | None
    high: float | None

    @property
    def interval(self) -> str:
        """The interval as a page shows it."""
        if self.low is None or self.high is None:
            return "–"
        return f"{self.low:.4g} to {self.high:.4g}"


def measured(
    key: str, name: str, statistic: Statistic, rows: int, drawing: Drawing
) -> Measure:
    """Return a score with its interval.

    Args:
        key: Its name for programs.
        name: Its name for people.
        statistic: The score of rows, given their places; of many sets at once.
        rows: How many there are.
        drawing: How test sets are drawn.
    """
    places = np.arange(rows)
    value = float(statistic(places))
    if rows < 2:
        return Measure(key, name, value, None, None)
    found = stats.bootstrap(
        (places,),
        lambda chosen, axis: statistic(chosen),
        vectorized=True,
        n_resamples=drawing.samples,
        batch=BATCH,
        confidence_level=drawing.confidence,
        method="percentile",
        rng=np.random.default_rng(drawing.seed),
    ).confidence_interval
    # Not a number where a test set can lack what the score needs.
    low, high = (
        float(end) if np.isfinite(end) else None for end in (found.low, found.high)
    )
    return Measure(key, name, value, low, high)


def mean_of(values: FloatArray) -> Statistic:
    """Return the mean of some rows' values as a statistic."""
    return lambda places: values[places].mean(axis=-1)
