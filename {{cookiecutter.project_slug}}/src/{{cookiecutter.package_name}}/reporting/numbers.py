"""The sections of a regression: what is predicted against what is true, and the rest.

The rest is also called the residual: the true value less the predicted one.
"""

from typing import TYPE_CHECKING

import numpy as np

from ..explaining.figures import label
from .blocks import Section, Text
from .charts import BLUE, INK, drawn, histogram
from .scored import Scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
                f"The true value less the predicted one: {low:.4g} at 5 %, {middle:.4g} "
                f"at 50 % and {high:.4g} at 95 % of the test rows; {rest.mean():.4g} on "
                "average."
            ),
            drawn("residuals", "A pattern here is something left to learn.", draw),
            drawn(
                "residuals-histogram",
                "How often residuals of a size occur.",
                histogram({"test": rest}, "true less predicted"),
            ),
        ],
    )
