"""The figures of a report, drawn by scikit-learn's displays and matplotlib."""

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    PrecisionRecallDisplay,
    PredictionErrorDisplay,
    RocCurveDisplay,
)

#% if cookiecutter.__data_kind == "images"
from .scores import Array, Tested

#% else
from .scores import Tested

#% endif

Draw = Callable[[Any], object]  # draws on a pair of axes
NAMED = 10  # curves with a name each; more cannot be told apart


def figures(tested: Tested) -> dict[str, str]:
    """Return the figures of a test set by their titles, each as a `data:` address."""
    truth, outputs, predicted = tested.truth, tested.outputs, tested.predicted()
    if not tested.classes:
        display = PredictionErrorDisplay(y_true=truth, y_pred=predicted)
        kinds = ("actual_vs_predicted", "residual_vs_predicted")
        return {k: drawn(lambda axes, k=k: display.plot(axes, kind=k)) for k in kinds}
    names = [plain(name) for name in tested.classes]

    def curves(axes: Any, display: Any) -> None:
        number = np.unique(truth)
        right = [outputs[truth == i, i].mean() for i in number]
        for i in np.sort(number[np.argsort(right)[:NAMED]]):  # the worst ones say most
            display.from_predictions(truth == i, outputs[:, i], ax=axes, name=names[i])
        axes.legend(fontsize="x-small")

    draws: dict[str, Draw] = {
        "Confusion matrix": lambda axes: ConfusionMatrixDisplay.from_predictions(
            truth,
            predicted,
            labels=range(len(names)),
            display_labels=names,
            xticks_rotation="vertical",
            cmap="Blues",
            colorbar=False,
            ax=axes,
        ),
        "ROC": lambda axes: curves(axes, RocCurveDisplay),
        "Precision and recall": lambda axes: curves(axes, PrecisionRecallDisplay),
        "Calibration": lambda axes: CalibrationDisplay.from_predictions(
            predicted == truth,
            outputs.max(axis=1),
            pos_label=True,
            n_bins=10,
            name="predicted class",
            ax=axes,
        ),
    }
    return {title: drawn(draw) for title, draw in draws.items()}


def learning_curves(history: Mapping[str, Sequence[float]]) -> dict[str, str]:
    """Return a figure for each figure of the training: by epoch, or by fold."""

    def draw(axes: Any, kind: str) -> None:
        for name in filter(history.get, (kind, f"val_{kind}")):
            axes.plot(history[name], "o-", label=plain(name))
        axes.legend()

    kinds = dict.fromkeys(name.removeprefix("val_") for name in history)
    return {kind: drawn(lambda axes, k=kind: draw(axes, k)) for kind in kinds}


def drawn(draw: Draw) -> str:
    """Return what is drawn; the same gives the same bytes."""
    file, figure = io.BytesIO(), Figure(figsize=(5.5, 4.5), layout="constrained")
    with matplotlib.rc_context({"svg.hashsalt": "report", "svg.fonttype": "none"}):
        draw(figure.subplots())
        figure.savefig(file, format="svg", metadata={"Date": None})
    return address(file.getvalue(), "svg+xml")


def address(content: bytes, kind: str) -> str:
    """Return an image as a `data:` address."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


#% if cookiecutter.__data_kind == "images"
def as_png(image: Array, max_value: float) -> str:
    """Return (height, width) grey values as a `data:` address."""
    from matplotlib.image import imsave

    file = io.BytesIO()
    imsave(file, image, cmap="gray", vmin=0, vmax=max_value, format="png")
    return address(file.getvalue(), "png")


#% endif
def plain(name: str) -> str:
    """Return a name that fits, and in which matplotlib finds no formula."""
    return name[:24].replace("$", r"\$")
