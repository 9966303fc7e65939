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
from scipy import stats

from .scored import FloatArray, IntArray, Scored

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
            f"{rows} {noun}, drawn from this one with replacement (percentile "
            "bootstrap). One of no width says that no such set differs, not that the "
            "model is perfect."
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


def class_measures(scored: Scored, drawing: Drawing) -> list[Measure]:
    """Return the scores of a classification."""
    statistics: list[tuple[str, str, Statistic]] = [
        ("accuracy", "Accuracy", mean_of(scored.right)),
        ("f1", "F1, mean over the classes", mean_f1(scored)),
        ("roc_auc", "Area under the ROC curve, the same", mean_auc(scored)),
        ("log_loss", "Cross-entropy, in nats", mean_of(scored.losses)),
        ("brier_score", "Brier score", mean_of(squared_distances(scored))),
    ]
    if len(np.unique(scored.labels)) < 2:
        statistics = [each for each in statistics if each[0] != "roc_auc"]
    rows = len(scored.truth)
    return [measured(*each, rows, drawing) for each in statistics]


def number_measures(scored: Scored, drawing: Drawing) -> list[Measure]:
    """Return the scores of a regression."""
    squares = np.square(scored.losses)

    def explained(places: IntArray) -> Any:
        truth = scored.truth[places]
        spread = np.square(truth - truth.mean(axis=-1, keepdims=True)).sum(axis=-1)
        left = squares[places].sum(axis=-1)
        return 1 - left / np.where(spread > 0, spread, np.nan)

    def root(places: IntArray) -> Any:
        return np.sqrt(squares[places].mean(axis=-1))

    statistics: list[tuple[str, str, Statistic]] = [
        ("r2", "R², the part of the variance explained", explained),
        ("mae", "Mean absolute error", mean_of(scored.losses)),
        ("rmse", "Root of the mean squared error", root),
    ]
    return [measured(*each, len(scored.truth), drawing) for each in statistics]


def mean_of(values: FloatArray) -> Statistic:
    """Return the mean of some rows' values as a statistic."""
    return lambda places: values[places].mean(axis=-1)


def squared_distances(scored: Scored) -> FloatArray:
    """Return how far each row's probabilities are from the truth, float64 (n,).

    Source: Brier, Verification of forecasts expressed in terms of probability, 1950,
    equation 2: from 0 to 2.
    """
    truth = np.eye(len(scored.classes))[scored.labels]
    return np.asarray(np.square(scored.outputs - truth).sum(axis=1))


def mean_f1(scored: Scored) -> Statistic:
    """Return the mean F1 score of the classes as a statistic; 0 for an unseen one."""

    def statistic(places: IntArray) -> Any:
        truth, predicted = scored.labels[places], scored.predicted[places]
        total = np.zeros(places.shape[:-1])
        for number in range(len(scored.classes)):
            true, said = truth == number, predicted == number
            both = np.count_nonzero(true & said, axis=-1)
            either = np.count_nonzero(true, axis=-1) + np.count_nonzero(said, axis=-1)
            total += 2 * both / np.maximum(either, 1)
        return total / len(scored.classes)

    return statistic


def mean_auc(scored: Scored) -> Statistic:
    """Return the mean area under the classes' ROC curves as a statistic.

    Each class against the rest; classes that no row has are left out. Source: Hanley
    and McNeil, 1982, https://doi.org/10.1148/radiology.143.1.7063747: the area is how
    often a row of the class gets a larger probability than another row.
    """

    def statistic(places: IntArray) -> Any:
        truth = scored.labels[places]
        areas = []
        for number in range(len(scored.classes)):
            true = truth == number
            inside = np.count_nonzero(true, axis=-1)
            pairs = inside * (true.shape[-1] - inside)
            ranks = stats.rankdata(scored.outputs[places, number], axis=-1)
            larger = (ranks * true).sum(axis=-1) - inside * (inside + 1) / 2
            areas.append(larger / np.where(pairs > 0, pairs, np.nan))
        known = np.isfinite(areas)
        count = np.count_nonzero(known, axis=0)
        total = np.where(known, areas, 0).sum(axis=0)
        return total / np.where(count > 0, count, np.nan)

    return statistic
