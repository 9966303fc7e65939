"""Whether one model is better than another, judged by the same rows.

Pure functions of arrays and numbers: where the rows come from is decided in `contest`,
what follows from the verdict in `retrain`.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Comparison:
    """What the same rows say of two models.

    Attributes:
        score: What is compared, `accuracy` or `r2`; more is better.
        champion: That score of the model that is there.
        challenger: That score of the new one.
        gain: The second less the first.
        rows: How many rows they were scored on.
        p_value: How likely a gain like this is, or a larger one, if the challenger is
            no better.
        least: The smallest p-value that any challenger could have on these rows.
        test: What the p-value was computed by, and from what.
        unseen: Whether the champion, too, is known to have learned from none of them.
    """

    score: str
    champion: float
    challenger: float
    gain: float
    rows: int
    p_value: float
    least: float
    test: dict[str, str | int | float]
    unseen: bool = True


class Verdict(NamedTuple):
    """Whether the challenger takes the champion's place, and why."""

    promote: bool
    why: str


def compare_classes(truth: Array, champion: Array, challenger: Array) -> Comparison:
    """Compare the accuracy of two classifiers by McNemar's exact test, one-sided.

    Only the rows count on which one model is right and the other wrong. If the models
    were equally good, each of these would be a toss of a coin. Source: McNemar, 1947,
    https://doi.org/10.1007/BF02295996.

    Args:
        truth: int64 (n,), the true classes, at least one row.
        champion: float (n, classes), the probabilities that the champion gives.
        challenger: float (n, classes), those of the challenger.
    """
    right = [np.equal(each.argmax(axis=1), truth) for each in (champion, challenger)]
    lost = int((right[0] & ~right[1]).sum())
    won = int((right[1] & ~right[0]).sum())
    # Without a toss there is nothing to tell the models apart by.
    tosses = stats.binomtest(won, won + lost, alternative="greater") if won else None
    wrong = int((~right[0]).sum())  # all that a challenger can win
    return Comparison(
        score="accuracy",
        champion=float(right[0].mean()),
        challenger=float(right[1].mean()),
        gain=(won - lost) / len(truth),
        rows=len(truth),
        p_value=1.0 if tosses is None else float(tosses.pvalue),
        least=0.5**wrong,
        test={
            "name": "McNemar's test, exact, one-sided",
            "only_the_challenger_right": won,
            "only_the_champion_right": lost,
        },
    )


def judge(found: Comparison, margin: float, alpha: float) -> Verdict:
    """Say whether the challenger is better, and why or why not.

    Args:
        found: What the rows say.
        margin: What the score must gain at least.
        alpha: How often, at most, a challenger that is no better may pass.

    Returns:
        Promote only if the gain is at least the margin, and larger than chance alone
        makes it in all but `alpha` of the cases.
    """
    says = (
        f"{found.score} {found.challenger:.4f} after {found.champion:.4f} on "
        f"{found.rows} rows"
    )
    chance = f"p = {found.p_value:.2g}, alpha = {alpha:g}"
    if found.least > alpha:
        why = (
            f"too few rows or errors; even a model without an error would have "
            f"p = {found.least:.2g}, alpha = {alpha:g}"
        )
    elif found.gain <= 0:
        why = "not better"
    elif found.p_value > alpha:
        why = f"better, but that may be chance: {chance}"
    elif found.gain < margin:
        why = f"better by {found.gain:.4f}, less than the margin of {margin:g}"
    else:
        return Verdict(True, f"{says}: better, {chance}")
    return Verdict(False, f"{says}: {why}")
