"""The figures of a report, drawn by scikit-learn's displays and matplotlib."""

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
#% if cookiecutter.__data_kind == "images"
from matplotlib.image import imsave
#% endif
from sklearn import metrics
from sklearn.calibration import CalibrationDisplay

from .scores import Tested

Draw = Callable[..., object]  # draws on the axes `ax`
NAMED = 10  # curves with a name each; more cannot be told apart


def figures(tested: Tested) -> dict[str, str]:
    """Return the figures of a test set by their titles, each as a `data:` address."""
    truth, outputs, predicted = tested.truth, tested.outputs, tested.predicted()
    if not tested.classes:
        display = metrics.PredictionErrorDisplay(y_true=truth, y_pred=predicted)
        kinds = ("actual_vs_predicted", "residual_vs_predicted")
        return {kind: drawn(partial(display.plot, kind=kind)) for kind in kinds}
    names = [plain(name) for name in tested.classes]

    def curves(ax: Any, display: Any) -> None:
        number = np.unique(truth)
        right = [outputs[truth == i, i].mean() for i in number]
        for i in np.sort(number[np.argsort(right)[:NAMED]]):  # the worst ones say most
            display.from_predictions(truth == i, outputs[:, i], ax=ax, name=names[i])
        ax.legend(fontsize="x-small")

    draws: dict[str, Draw] = {
        "Confusion matrix": partial(
            metrics.ConfusionMatrixDisplay.from_predictions,
            truth,
            predicted,
            labels=range(len(names)),
            display_labels=names,
            xticks_rotation="vertical",
            cmap="Blues",
            colorbar=False,
        ),
        "ROC": partial(curves, display=metrics.RocCurveDisplay),
        "Precision and recall": partial(curves, display=metrics.PrecisionRecallDisplay),
        "Calibration": partial(
            CalibrationDisplay.from_predictions,
            predicted == truth,
            outputs.max(axis=1),
            pos_label=True,
            n_bins=10,
            strategy="quantile",
            name="predicted class",
        ),
    }
    return {title: drawn(draw) for title, draw in draws.items()}


def learning_curves(history: Mapping[str, Sequence[float]]) -> dict[str, str]:
    """Return a figure for each figure of the training: by epoch, or by fold."""

    def draw(ax: Any, kind: str) -> None:
        for name in filter(history.get, (kind, f"val_{kind}")):
            part = "training" if name == kind else "validation"
            ax.plot(history[name], "o-", label=part)
        ax.legend()

    kinds = dict.fromkeys(name.removeprefix("val_") for name in history)
    return {kind: drawn(partial(draw, kind=kind)) for kind in kinds}


def drawn(draw: Draw) -> str:
    """Return what is drawn; the same gives the same bytes."""
    file, figure = io.BytesIO(), Figure(figsize=(5.5, 4.5), layout="constrained")
    with matplotlib.rc_context({"svg.hashsalt": "report", "svg.fonttype": "none"}):
        draw(ax=figure.subplots())
        figure.savefig(file, format="svg", metadata={"Date": None})
    return address(file.getvalue(), "svg+xml")


def address(content: bytes, kind: str) -> str:
    """Return an image as a `data:` address."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


#% if cookiecutter.__data_kind == "images"
def as_png(image: Any, max_value: float) -> str:
    """Return (height, width[, 3]) pixels as a `data:` address."""
    file = io.BytesIO()
    imsave(file, image / max_value, cmap="gray", vmin=0, vmax=1, format="png")
    return address(file.getvalue(), "png")


#% endif
def plain(name: str) -> str:
    """Return a name that fits, and in which matplotlib finds no formula."""
    return name[:24].replace("$", r"\$")
