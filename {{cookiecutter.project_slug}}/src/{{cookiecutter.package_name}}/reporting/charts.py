"""Figures that follow the page's colours, in the dark and on paper (matplotlib).

A figure is part of the page, as SVG: its texts can be searched, and what is drawn in
`INK` has the colour of the page's text.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from ..explaining.figures import label
from .blocks import Chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#010203"  # no colour of a figure's content
BLUE, ORANGE = "#3b82c4", "#e07b39"  # seen on white and on black
INCHES = (5.6, 3.4)
STYLE: dict[Any, Any] = {
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "figure.facecolor": "none",
    "font.size": 9,
    "grid.alpha": 0.2,
    "grid.color": INK,
    "legend.facecolor": "none",
    "legend.frameon": False,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",  # texts stay texts
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
BARS = 30  # of a histogram
NAMED = 10  # lines with a name each; more cannot be told apart


def drawn(
    key: str,
    caption: str,
    draw: Callable[["Axes"], object],
    size: tuple[float, float] = INCHES,
) -> Chart:
    """Return a figure with one pair of axes.

    Args:
        key: Another one for every figure of a page; the same gives the same bytes.
        caption: What the figure shows.
        draw: Draws it.
        size: Width and height in inches.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({**STYLE, "svg.hashsalt": key}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        text = StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(text, format="svg", metadata=nothing)
    # What comes before is for files. matplotlib escapes texts: every tag is its own.
    _, start, rest = text.getvalue().partition("<svg")
    svg = re.sub(r'<g id="\w+">', "<g>", start + rest).replace(INK, "currentColor")
    return Chart(Markup(svg), caption)


def lines(
    curves: Mapping[str, tuple[Any, Any]],
    names: tuple[str, str],
    diagonal: bool = False,
    points: bool = False,
) -> Callable[["Axes"], None]:
    """Return what draws some lines.

    Args:
        curves: For each name the x and y values.
        names: What the two axes are.
        diagonal: Whether to draw that from (0, 0) to (1, 1), too.
        points: Whether to draw the points alone.
    """

    def draw(axes: "Axes") -> None:
        from matplotlib import colormaps

        colours = colormaps["tab10"].colors  # type: ignore[attr-defined]
        if diagonal:
            axes.plot([0, 1], [0, 1], color=INK, linestyle=":", linewidth=1)
        for i, (name, (x, y)) in enumerate(curves.items()):
            colour = colours[i % len(colours)]
            style = "o" if points else "-"
            axes.plot(x, y, style, color=colour)
        axes.set_xlabel(names[0])
        axes.set_ylabel(names[1])
        axes.grid(True)
        if len(curves) < 2:
            return
        # Handed over, as matplotlib leaves out a name with an underscore first.
        handles = axes.get_lines()[1 if diagonal else 0 :]
        axes.legend(handles, [label(name) for name in curves], fontsize="small")

    return draw


def bars(
    names: Sequence[str], values: Mapping[str, Any], axis: str
) -> Callable[["Axes"], None]:
    """Return what draws bars, some for each name.

    Args:
        names: Those of the groups of bars, the first on top.
        values: For each kind of bar the lengths.
        axis: What the lengths are.
    """

    def draw(axes: "Axes") -> None:
        places = np.arange(len(names))
        height = 0.8 / len(values)
        for i, (name, lengths) in enumerate(values.items()):
            colour = (BLUE, ORANGE)[i % 2]
            shifted = places + (i - (len(values) - 1) / 2) * height
            axes.barh(shifted, lengths, height, label=name, color=colour)
        axes.set_yticks(places, [label(name) for name in names])
        axes.invert_yaxis()
        axes.set_xlabel(axis)
        if len(values) > 1:
            axes.legend(fontsize="small")

    return draw


def histogram(values: Mapping[str, Any], axis: str) -> Callable[["Axes"], None]:
    """Return what draws how often values occur, as parts of each kind."""

    def draw(axes: "Axes") -> None:
        together = np.concatenate(list(values.values()))
        edges = np.histogram_bin_edges(together, BARS).tolist()
        for i, (name, each) in enumerate(values.items()):
            weights = np.full(len(each), 1 / len(each))
            colour = (BLUE, ORANGE)[i % 2]
            axes.hist(
                each, edges, weights=weights, histtype="step", label=name, color=colour
            )
        axes.set_xlabel(label(axis))
        axes.set_ylabel("part")
        if len(values) > 1:
            axes.legend(fontsize="small")

    return draw


def matrix(counts: Any, names: Sequence[str]) -> Callable[["Axes"], None]:
    """Return what draws a confusion matrix, a row for each true class.

    Args:
        counts: int64 (classes, classes).
        names: Those of the classes.
    """

    def draw(axes: "Axes") -> None:
        parts = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.pcolormesh(parts, cmap="Blues", vmin=0, vmax=1, edgecolors="white")
        for (y, x), count in np.ndenumerate(counts):
            colour = "white" if parts[y, x] > 0.5 else "black"
            axes.text(
                x + 0.5, y + 0.5, str(count), ha="center", va="center", color=colour
            )
        places = np.arange(len(names)) + 0.5
        shown = [label(name) for name in names]
        upright = max(map(len, shown)) > 3
        axes.set_xticks(places, shown, rotation=90 if upright else 0)
        axes.set_yticks(places, shown)
        axes.invert_yaxis()
        axes.set_aspect("equal")
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")

    return draw
