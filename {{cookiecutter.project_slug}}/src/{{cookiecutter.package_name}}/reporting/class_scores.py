"""The scores of a classification, as statistics of the places of rows."""

from typing import Any

import numpy as np
from scipy import stats

from .intervals import (
    Drawing,
    FloatArray,
    IntArray,
    Measure,
    Statistic,
    mean_of,
    measured,
)
from .scored import Scored


def class_measures(scored: Scored, drawing: Drawing) -> list[Measure]:
    """Return the scores of a classification."""
    statistics: list[tuple[str, str, Statistic]] = [
        ("accuracy", "Accuracy", mean_of(scored.right)),
        ("f1", "F1, mean over the classes", mean_f1(scored)),
        ("roc_auc", "Area under ROC, mean over the classes", mean_auc(scored)),
        ("log_loss", "Cross-entropy, in nats", mean_of(scored.losses)),
        ("brier_score", "Brier score", mean_of(squared_distances(scored))),
    ]
    if len(np.unique(scored.labels)) < 2:
        statistics = [each for each in statistics if each[0] != "roc_auc"]
    rows = len(scored.truth)
    return [measured(*each, rows, drawing) for each in statistics]


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
