"""What servers load, made from a scikit-learn pipeline: ONNX and joblib.

ONNX for this project's own server and for most others; joblib, a pickle, for Seldon's
and MLServer's ready-made servers of scikit-learn models, which take nothing else.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import joblib
import onnx
import pandas as pd
from sklearn.pipeline import Pipeline

from . import graphs, models
from .agreement import PROBABILITIES, VALUE, Array, Feeds, Format, run_onnx
from .held_out import held_out
from .inputs import Inputs
from .registry import ONNX_FILE, Manifest

__all__ = ["EXPORT_LIBRARIES", "formats", "held_out"]

# Whose versions an export adds to the manifest.
EXPORT_LIBRARIES = ("joblib", "onnx", "onnxruntime", "skl2onnx")

JOBLIB_FILE = "model.joblib"


def formats(folder: Path, manifest: Manifest) -> dict[str, Format]:
    """Return the formats that a version can be written in.

    Args:
        folder: The version.
        manifest: Its manifest.
    """
    pipeline = models.load_model(folder)
    inputs = manifest.inputs
    output = PROBABILITIES if inputs.task == "classification" else VALUE
    return {
        "onnx": Format(
            partial(export_onnx, pipeline, inputs),
            lambda target, feeds: run_onnx(target / ONNX_FILE, feeds, output),
        ),
        "joblib": Format(
            partial(export_joblib, pipeline),
            partial(run_joblib, inputs, manifest.classes),
        ),
    }


def export_onnx(pipeline: Pipeline, inputs: Inputs, folder: Path) -> None:
    """Write model.onnx.

    Args:
        pipeline: From `models.train_model`.
        inputs: The columns that it was fitted to.
        folder: Where to.

    Raises:
        ExportError: If a step or the estimator cannot be converted.
    """
    onnx.save_model(graphs.convert(pipeline, inputs), folder / ONNX_FILE)


def export_joblib(pipeline: Pipeline, folder: Path) -> None:
    """Write model.joblib. It is a pickle: nothing in this project loads it to serve."""
    joblib.dump(pipeline, folder / JOBLIB_FILE)


def run_joblib(
    inputs: Inputs, classes: Sequence[str], folder: Path, feeds: Feeds
) -> Array:
    """Return what the pipeline in model.joblib, just written, says."""
    frame = pd.DataFrame({name: feeds[name][:, 0] for name in inputs.columns})
    return models.predict_outputs(joblib.load(folder / JOBLIB_FILE), frame, classes)
