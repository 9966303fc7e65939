"""What a method has found, drawn by SHAP's plots, whose values any method can give."""

from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import shap
from matplotlib import pyplot as plt

from ..files import write_whole
from .methods import Explanation
from .rows import Rows

matplotlib.use("Agg")  # needs no display
ROWS_SHOWN, BARS_SHOWN = 6, 12


def draw(
    found: Explanation, importance: "pd.Series[float]", rows: Rows, folder: Path
) -> None:
    """Write the figures of a method.

    Args:
        found: What it says.
        importance: How much each feature matters over all rows.
        rows: The rows.
        folder: Where importance, summary (of all rows) and force (of the first one) go.
    """
    names = [plain(name) for name in rows.features]
    importance.set_axis(names).nlargest(BARS_SHOWN).iloc[::-1].plot.barh()
    save(folder / "importance")
    cells = rows.cells()
    shap.summary_plot(
        found.values, cells, names, max_display=BARS_SHOWN, show=False, rng=0
    )
    save(folder / "summary")
    if np.isfinite(found.base[0]):
        first = [plain(cell) for cell in cells[0]]
        shap.force_plot(
            found.base[0], found.values[0], first, names, matplotlib=True, show=False
        )
        save(folder / "force")
#% if cookiecutter.__data_kind == "images"
    maps = found.values[:ROWS_SHOWN, rows.patches, None]
    shap.image_plot(maps, rows.explained[:ROWS_SHOWN, ..., None], show=False)
    save(folder / "rows")
#% endif


def plain(cell: object) -> str:
    """Return a name or a cell that fits, and in which matplotlib finds no formula."""
    text = f"{cell:.4g}" if isinstance(cell, float) else str(cell)
    return text[:32].replace("$", r"\$")


def save(path: Path) -> None:
    """Write the current figure as PNG and SVG, and close it; the same, the same bytes."""
    # Texts of an SVG stay texts, to be searched; its ids and its date do not change.
    with matplotlib.rc_context({"svg.hashsalt": "explain", "svg.fonttype": "none"}):
        for suffix, metadata in ((".png", {}), (".svg", {"Date": None})):
            write_whole(
                path.with_suffix(suffix),
                lambda file, metadata=metadata: plt.savefig(  # type: ignore[misc]
                    file, dpi=150, bbox_inches="tight", metadata=metadata
                ),
            )
    plt.close()
