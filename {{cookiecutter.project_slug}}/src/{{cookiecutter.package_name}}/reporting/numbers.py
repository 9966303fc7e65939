"""A regression: its scores, what is predicted against what is true, and the rest.

The rest is also called the residual: the true value less the predicted one.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..explaining.figures import label
from .blocks import Section, Text
from .charts import BLUE, INK, drawn, histogram
from .intervals import Drawing, IntArray, Measure, Statistic, mean_of, measured
from .scored import Scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    if np.ptp(scored.truth) == 0:
        statistics = statistics[1:]  # nothing varies that could be explained
    return [measured(*each, len(scored.truth), drawing) for each in statistics]


def number_sections(scored: Scored) -> list[Section]:
    """Return the sections that show a regression in detail."""
    return [predictions_section(scored), residuals_section(scored)]


def predictions_section(scored: Scored) -> Section:
    """Return the predicted values against the true ones."""

    def draw(axes: "Axes") -> None:
        ends = [scored.truth.min(), scored.truth.max()]
        axes.plot(ends, ends, color=INK, linestyle=":", linewidth=1)
        axes.scatter(scored.truth, scored.predicted, s=9, color=BLUE, alpha=0.6)
        axes.set_xlabel(f"true {label(scored.target)}")
        axes.set_ylabel("predicted")
        axes.grid(True)

    caption = "Each point is a test row; on the dotted line a prediction is right."
    return Section(
        "predictions", "Predicted against true", [drawn("predictions", caption, draw)]
    )


def residuals_section(scored: Scored) -> Section:
    """Return what is left of the true values."""
    rest = scored.truth - scored.predicted

    def draw(axes: "Axes") -> None:
        axes.axhline(0, color=INK, linestyle=":", linewidth=1)
        axes.scatter(scored.predicted, rest, s=9, color=BLUE, alpha=0.6)
        axes.set_xlabel(f"predicted {label(scored.target)}")
        axes.set_ylabel("true less predicted")
        axes.grid(True)

    low, middle, high = np.quantile(rest, [0.05, 0.5, 0.95])
    return Section(
        "residuals",
        "Residuals",
        [
            Text(
                f"The true value less the predicted one: {low:.4g} at 5 %, "
                f"{middle:.4g} at 50 % and {high:.4g} at 95 % of the test rows; "
                f"{rest.mean():.4g} on average."
            ),
            drawn("residuals", "A pattern here is something left to learn.", draw),
            drawn(
                "residuals-histogram",
                "How often residuals of a size occur.",
                histogram({"test": rest}, "true less predicted"),
            ),
        ],
    )
