"""What the figures of every explanation have in common (matplotlib)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..files import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOR, AGAINST, NEUTRAL = "#b2182b", "#2166ac", "#4d4d4d"
DOTS_PER_INCH = 150
LONGEST_NAME = 32  # characters of a name
ROWS_SHOWN = 6  # rows in a figure
BARS_SHOWN = 15  # bars in a figure


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure, in inches; it needs no display."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def draw_bars(
    axes: Any, names: Sequence[str], values: npt.NDArray[np.float64], signed: bool
) -> None:
    """Draw a bar for each name, the first on top.

    Args:
        axes: Where to.
        names: Those of the bars.
        values: float64 (n,), their lengths.
        signed: Whether a colour says what is below 0 and what is above.
    """
    places = np.arange(len(names))[::-1]
    colours = [FOR if value > 0 else AGAINST for value in values]
    axes.barh(places, values, color=colours if signed else NEUTRAL)
    axes.set_yticks(places, [label(name) for name in names])
    axes.axvline(0, color="black", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)


def label(name: str) -> str:
    """Return a name that fits, and in which matplotlib finds no formula."""
    short = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    return short.replace("$", r"\$")


def save_figure(figure: "Figure", path: Path) -> None:
    """Write a figure as PNG and SVG; the same figure gives the same bytes.

    Args:
        figure: The figure.
        path: The files, without the suffix.
    """
    from matplotlib import rc_context

    figure.draw_without_rendering()  # gives everything its place, once for both files
    figure.set_layout_engine("none")
    # Texts of an SVG stay texts, to be searched; its ids and its date do not change.
    with rc_context({"svg.hashsalt": "explain", "svg.fonttype": "none"}):
        for suffix, metadata in ((".png", {}), (".svg", {"Date": None})):
            write_whole(
                path.with_name(path.name + suffix),
                lambda file, metadata=metadata: figure.savefig(  # type: ignore[misc]
                    file, dpi=DOTS_PER_INCH, metadata=metadata
                ),
            )
