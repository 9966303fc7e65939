"""Scores of the test set, and how far another test set could move them.

An interval comes from test sets that are drawn from the one there is, with replacement:
the percentile bootstrap of Efron and Tibshirani, 1993, chapter 13. It knows nothing of
another training, nor of data of another kind.
"""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats
from sklearn import metrics

Array = npt.NDArray[Any]

RESAMPLES = 500  # test sets to draw
CONFIDENCE = 0.95  # how often an interval shall hold the truth


class Tested(NamedTuple):
    """Test rows, what is true of them, and what the model says.

    Attributes:
        rows: The n rows, raw.
        numbers: int64 (n,), where they stand in the test set, from 0.
        truth: int64 (n,), the numbers of the classes; float64 (n,), of a regression.
        outputs: float64 (n, classes), probabilities; or (n, 1), predicted values.
        classes: Their names; none for a regression.
    """

    rows: Any
    numbers: Array
    truth: Array
    outputs: Array
    classes: tuple[str, ...]

    def losses(self) -> Array:
        """Return what each row costs: cross-entropy in nats, or the absolute error."""
        if not self.classes:
            return np.asarray(np.abs(self.outputs[:, 0] - self.truth))
        known = self.outputs[np.arange(len(self.truth)), self.truth]
        return np.asarray(-np.log(np.maximum(known, np.finfo(np.float64).eps)))

    def predicted(self) -> Array:
        """Return the likeliest class of each row, int64 (n,); or its value."""
        return self.outputs.argmax(axis=1) if self.classes else self.outputs[:, 0]


class Score(NamedTuple):
    """A score of the whole test set, and its interval; NaN where it has none."""

    key: str
    name: str
    value: float
    low: float
    high: float


def mean_auc(tested: Tested) -> float:
    """Return the mean area under the classes' ROC curves, each against the rest.

    By ranks, ten times as fast as curves. Source: Hanley and McNeil, 1982,
    https://doi.org/10.1148/radiology.143.1.7063747.
    """
    inside = np.eye(len(tested.classes))[tested.truth]
    ranks = stats.rankdata(tested.outputs, axis=0)
    count = inside.sum(axis=0)
    larger = (ranks * inside).sum(axis=0) - count * (count + 1) / 2
    return float(np.nanmean(larger / (count * (len(inside) - count))))


Metric = Callable[[Tested], float]
CLASS_SCORES: dict[str, tuple[str, Metric]] = {
    "accuracy": ("Accuracy", lambda t: (t.predicted() == t.truth).mean()),
    "f1": (
        "F1, mean over the classes",
        lambda t: metrics.f1_score(t.truth, t.predicted(), average="macro"),
    ),
    "roc_auc": ("Area under ROC, mean over the classes", mean_auc),
    "log_loss": ("Cross-entropy, in nats", lambda t: t.losses().mean()),
}
VALUE_SCORES: dict[str, tuple[str, Metric]] = {
    "r2": ("R²", lambda t: metrics.r2_score(t.truth, t.predicted())),
    "mae": ("Mean absolute error", lambda t: t.losses().mean()),
    "rmse": ("Root of its mean square", lambda t: (t.losses() ** 2).mean() ** 0.5),
}


def scores_of(tested: Tested) -> list[Score]:
    """Return the scores of a test set, with their intervals."""
    found = []
    metrics_of_task = CLASS_SCORES if tested.classes else VALUE_SCORES
    for key, (name, metric) in metrics_of_task.items():

        def score(places: Array, metric: Metric = metric) -> float:
            truth, outputs = tested.truth[places], tested.outputs[places]
            return float(metric(tested._replace(truth=truth, outputs=outputs)))

        places = np.arange(len(tested.truth))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a set may lack a class: the score is NaN
            low, high = stats.bootstrap(
                (places,),
                score,
                vectorized=False,
                n_resamples=RESAMPLES,
                confidence_level=CONFIDENCE,
                method="percentile",
                rng=np.random.default_rng(0),
            ).confidence_interval
            found.append(Score(key, name, score(places), float(low), float(high)))
    return found
