"""What the figures of images' explanations show: the pixels, and what they add."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .explanation import Explanation
from .figures import BARS_SHOWN, ROWS_SHOWN, draw_bars, label, new_figure
from .subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURE_INCHES = 1.9


def importance_figure(found: Explanation, subject: Subject) -> "Figure":
    """Return the patches' importance as a map, and a bar for the largest."""
    order = found.order[:BARS_SHOWN]
    figure = new_figure(10, max(4, 1.2 + 0.3 * len(order)))
    left, right = figure.subplots(1, 2)
    drawn = left.imshow(found.importance[subject.patches], cmap="viridis")
    figure.colorbar(drawn, ax=left, shrink=0.7)
    left.set_title(f"{found.method}: importance of the patches")
    names = [found.features[number] for number in order]
    draw_bars(right, names, found.importance[order], signed=False)
    right.set_title(f"the largest, {len(subject.rows)} images")
    return figure


def rows_figure(found: Explanation, subject: Subject) -> "Figure":
    """Return the first images, and for each what its pixels add to the probability."""
    parts = found.contributions
    count = min(ROWS_SHOWN, len(parts.values))
    maps = subject.by_pixel(parts.values) if parts.maps is None else parts.maps
    figure = new_figure(PICTURE_INCHES * max(count, 2), 2 * PICTURE_INCHES + 0.6)
    for i, (above, below) in enumerate(figure.subplots(2, count, squeeze=False).T):
        draw_picture(above, subject.rows[i], "gray", 0, 1)
        above.set_title(f"row {subject.numbers[i]}", fontsize="small")
        largest = float(np.abs(maps[i]).max()) or 1.0
        draw_picture(below, maps[i], "RdBu_r", -largest, largest)
        below.set_title(
            f"{label(subject.explained_names[i])}: {parts.output[i]:.3f}",
            fontsize="small",
        )
    figure.suptitle(f"{found.method}: red speaks for the class, blue against it")
    return figure


def draw_picture(
    axes: Any, pixels: npt.NDArray[Any], colours: str, low: float, high: float
) -> None:
    """Draw (height, width) values from `low` to `high`, without marks at the sides."""
    axes.imshow(pixels, cmap=colours, vmin=low, vmax=high)
    axes.set_axis_off()
