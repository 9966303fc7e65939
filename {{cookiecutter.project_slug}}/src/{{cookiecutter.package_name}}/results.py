"""What is said of scores, on the terminal and in a manifest."""

from statistics import fmean, pstdev

from .models import Scores
from .schema import Schema


def main_score(expected: Schema) -> str:
    """Return the name of the score that counts."""
    return "accuracy" if expected.task == "classification" else "r2"


def summary(scores: dict[str, list[float]]) -> dict[str, float]:
    """Return mean and standard deviation of each score."""
    return {
        f"{name}_{what}": function(values)
        for name, values in scores.items()
        for what, function in (("mean", fmean), ("std", pstdev))
    }


def print_scores(scores: Scores, baseline: dict[str, float | str]) -> None:
    """Print what a reader wants to know first, the simplest guess beside it."""
    guess = baseline["guess"]
    if "r2" in scores:
        print(f"baseline r2: {baseline['r2']:.4f} ({guess})")
        print(f"test r2: {scores['r2']:.4f}")
        print(f"test mae: {scores['mae']:.4g}")
        print(f"test rmse: {scores['rmse']:.4g}")
        return
    width = max(12, *map(len, scores["classes"]))
    print(f"{'class':<{width}} precision  recall    rows")
    for name, score in scores["classes"].items():
        print(
            f"{name:<{width}} {score['precision']:9.4f} {score['recall']:7.4f} "
            f"{score['support']:7.0f}"
        )
    print(f"baseline accuracy: {baseline['accuracy']:.4f} ({guess})")
    print(f"test accuracy: {scores['accuracy']:.4f}")
