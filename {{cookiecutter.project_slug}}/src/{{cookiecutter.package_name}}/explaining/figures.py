"""What a method has found, drawn by SHAP's plots, whose values any method can give."""

from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import shap
from matplotlib import pyplot as plt

from .methods import Explanation
from .rows import Rows

matplotlib.use("Agg")  # needs no display
ROWS_SHOWN, BARS_SHOWN = 6, 12
ADDS = "what a feature adds to the output"


def draw(found: Explanation, rows: Rows, folder: Path) -> None:
    """Write the figures of a method: of all rows, and of the first ones."""
    names = [plain(name) for name in rows.features]
    sizes = pd.Series(np.abs(found.values).mean(axis=0), names)
    sizes.nlargest(BARS_SHOWN).iloc[::-1].plot.barh(xlabel="importance")
    save(folder / "importance")
#% if cookiecutter.__data_kind == "images"
    maps = found.values[:ROWS_SHOWN, rows.patches, None]
    images = rows.explained[:ROWS_SHOWN]
    images = images if images.ndim == 4 else images[..., None]
    shap.image_plot(maps, images, show=False)
    plt.gcf().axes[-1].set_xlabel(ADDS)
    save(folder / "rows")
#% endif
    cells, shown = rows.cells(), {"max_display": BARS_SHOWN, "show": False}
    shap.summary_plot(found.values, cells, names, rng=0, **shown)
    plt.xlabel(ADDS)
    save(folder / "summary")
    if np.isfinite(found.base[0]):
        first = [plain(cell) for cell in cells[0]]
        shap.force_plot(
            found.base[0], found.values[0], first, names, matplotlib=True, show=False
        )
        save(folder / "force")


def plain(cell: object) -> str:
    """Return a name or a cell that fits, and in which matplotlib finds no formula."""
    text = f"{cell:.4g}" if isinstance(cell, float) else str(cell)
    return text[:32].replace("$", r"\$")


def save(path: Path) -> None:
    """Write the current figure as PNG and SVG, the same bytes again; close it."""
    with matplotlib.rc_context({"svg.hashsalt": "explain", "svg.fonttype": "none"}):
        plt.savefig(path.with_suffix(".png"), dpi=150, bbox_inches="tight")
        no_date = {"Date": None}
        plt.savefig(path.with_suffix(".svg"), bbox_inches="tight", metadata=no_date)
    plt.close()
