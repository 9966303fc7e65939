"""Scores that can be added up, so that rows are scored chunk by chunk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
from sklearn import metrics

Array = npt.NDArray[Any]


class Scores(Protocol):
    """Scores of some rows."""

    def __add__(self, other: Any, /) -> "Scores":
        """Return the scores of both sets of rows together."""

    def summary(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return them by name."""


@dataclass(frozen=True)
class ClassScores:
    """What the scores of a classifier are computed from.

    Attributes:
        confusion: int64 (classes, classes), rows counted, a row for each true class.
        loss: The sum of -log p of the true classes, in nats.
    """

    confusion: npt.NDArray[np.int64]
    loss: float

    @classmethod
    def of(cls, probabilities: Array, targets: Array) -> Self:
        """Score some rows.

        Args:
            probabilities: float64 (n, classes).
            targets: int64 (n,), from 0 to classes - 1.
        """
        labels = range(probabilities.shape[1])
        return cls(
            metrics.confusion_matrix(
                targets, probabilities.argmax(axis=1), labels=labels
            ),
            float(
                metrics.log_loss(targets, probabilities, labels=labels, normalize=False)
            ),
        )

    def __add__(self, other: Self) -> Self:
        """Return the scores of both sets of rows together."""
        return type(self)(self.confusion + other.confusion, self.loss + other.loss)

    def summary(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return the scores.

        Args:
            classes: The name of each class.

        Returns:
            `accuracy` in [0, 1]; `loss`, the mean cross-entropy in nats; `rows`, their
            number; `classes`, with precision, recall, f1-score and support of each,
            0 where there is nothing to divide by; and `confusion_matrix`.
        """
        right = np.diag(self.confusion)
        predicted, true = self.confusion.sum(axis=0), self.confusion.sum(axis=1)
        rows = int(true.sum())
        return {
            "accuracy": float(right.sum() / rows),
            "loss": self.loss / rows,
            "rows": rows,
            "classes": {
                name: {
                    "precision": float(right[i] / max(predicted[i], 1)),
                    "recall": float(right[i] / max(true[i], 1)),
                    "f1-score": float(2 * right[i] / max(predicted[i] + true[i], 1)),
                    "support": int(true[i]),
                }
                for i, name in enumerate(classes)
            },
            "confusion_matrix": self.confusion.tolist(),
        }


@dataclass(frozen=True)
class NumberScores:
    """What the scores of a regression are computed from.

    Attributes:
        rows: Their number.
        mean: The mean of the targets.
        spread: The sum of the targets' squared differences from their mean.
        squared: The sum of the squared errors.
        absolute: The sum of the absolute errors.
    """

    rows: int
    mean: float
    spread: float
    squared: float
    absolute: float

    @classmethod
    def of(cls, predicted: Array, targets: Array) -> Self:
        """Score some rows, at least one; both arguments are float64 (n,)."""
        errors = predicted - targets
        return cls(
            len(targets),
            float(targets.mean()),
            float(np.square(targets - targets.mean()).sum()),
            float(np.square(errors).sum()),
            float(np.abs(errors).sum()),
        )

    def __add__(self, other: Self) -> Self:
        """Return the scores of both sets of rows together.

        Source of the spread: Chan, Golub and LeVeque, Updating formulae and a pairwise
        algorithm for computing sample variances, 1979, STAN-CS-79-773, equation 2.1.
        """
        rows = self.rows + other.rows
        step = other.mean - self.mean
        return type(self)(
            rows,
            self.mean + step * other.rows / rows,
            self.spread + other.spread + step**2 * self.rows * other.rows / rows,
            self.squared + other.squared,
            self.absolute + other.absolute,
        )

    def summary(self, classes: Sequence[str] = ()) -> dict[str, Any]:
        """Return the scores; `classes` is not used.

        Returns:
            `r2`, 0 if all targets are the same; `mae` and `rmse`, in the unit of the
            target; `rows`, their number.
        """
        explained = 1 - self.squared / self.spread if self.spread else 0.0
        return {
            "r2": explained,
            "mae": self.absolute / self.rows,
            "rmse": float(np.sqrt(self.squared / self.rows)),
            "rows": self.rows,
        }
