"""What the figures of a table's explanation show: bars for its columns."""

from typing import TYPE_CHECKING

import numpy as np

from .explanation import Explanation
from .figures import BARS_SHOWN, ROWS_SHOWN, draw_bars, label, new_figure
from .subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BARS_OF_A_ROW = 8


def importance_figure(found: Explanation, subject: Subject) -> "Figure":
    """Return a bar for each of the most important columns."""
    order = found.order[:BARS_SHOWN]
    figure = new_figure(7, 1.2 + 0.3 * len(order))
    axes = figure.subplots()
    names = [found.features[number] for number in order]
    draw_bars(axes, names, found.importance[order], signed=False)
    axes.set_title(
        f"{found.method}: importance of the columns, {len(subject.rows)} rows"
    )
    return figure


def rows_figure(found: Explanation, subject: Subject) -> "Figure":
    """Return the largest contributions to each of the first rows."""
    parts = found.contributions
    count = min(ROWS_SHOWN, len(parts.values))
    bars = min(BARS_OF_A_ROW, len(found.features))
    down = -(-count // 2)
    figure = new_figure(11, down * (1 + 0.3 * bars))
    for i, axes in enumerate(np.ravel(figure.subplots(down, 2))):
        if i >= count:
            axes.set_axis_off()
            continue
        order = np.argsort(-np.abs(parts.values[i]), kind="stable")[:bars]
        cells = subject.rows.iloc[i]
        names = [
            f"{found.features[number]} = {shown(cells.iloc[number])}"
            for number in order
        ]
        draw_bars(axes, names, parts.values[i, order], signed=True)
        axes.set_title(
            f"row {subject.numbers[i]}: {label(subject.explained_names[i])}, "
            f"{label(parts.unit)} {parts.output[i]:.4g}"
        )
    return figure


def shown(cell: object) -> str:
    """Return a cell as a figure shows it."""
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)
