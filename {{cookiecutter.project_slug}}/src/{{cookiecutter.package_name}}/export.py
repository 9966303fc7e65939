"""What servers load: ONNX and the framework's own format, made as a version is saved.

Each format predicts rows that the model has not seen, beside the model; one that
disagrees is not kept, and neither is the version.

Yours: `export_model`, which writes the formats. The graph takes raw rows, as a request
has them, and scales or encodes them itself.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import registry
from .adapter import Inputs
from .config import ExportSettings, ProjectError
from .files import incomplete_folder

Array = npt.NDArray[Any]
Feeds = Mapping[str, Array]  # an array for each input; the first axis is the rows

PROBABILITIES, VALUE = "probabilities", "value"  # what the graph's output is called
TOLERANCE = 1e-4  # of a probability; of a regression's value, in standard deviations
COMPARED_ROWS = 1000  # more would only take longer


def onnx_session(file: Path, threads: int = 1) -> Any:
    """Return an ONNX file as ONNX Runtime's `InferenceSession`, on the processor."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3  # errors; it warns of what converters leave behind
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(file, options, providers=providers)


def run_onnx(file: Path, feeds: Feeds, output: str = PROBABILITIES) -> Array:
    """Return an output of an ONNX file, computed by ONNX Runtime with one thread."""
    return np.asarray(onnx_session(file).run([output], dict(feeds))[0])


def differences(
    answers: Mapping[str, Array], native: Array, unit: float = 1.0
) -> dict[str, float]:
    """Return how far each export is from the model at most, as a multiple of `unit`.

    Args:
        answers: What each says: probabilities (n, classes), or values (n, 1).
        native: What the model says of the same rows.
        unit: 1 for probabilities; the standard deviation of the values.

    Raises:
        ProjectError: If that is more than `TOLERANCE`.
    """
    found = {}
    for name, answer in answers.items():
        if answer.shape != native.shape:
            raise ProjectError(f"{name} gives {answer.shape}, the model {native.shape}")
        found[name] = float(np.abs(answer - native).max() / unit)
        if not found[name] <= TOLERANCE:  # which NaN is not, either
            problem = f"{name} is up to {found[name]:.3g} off the model"
            raise ProjectError(f"{problem}; allowed is {TOLERANCE:g}: nothing is saved")
    return found


def export(settings: ExportSettings) -> Path:
    """Copy a version to where servers look, whole or not at all; return the copy."""
    folder, manifest = registry.load_version(settings.model_dir, settings.version)
    target = settings.into / settings.model_name / folder.name
    if not target.exists():
        with incomplete_folder(target.parent) as copy:
            shutil.copytree(folder, copy, dirs_exist_ok=True)
            copy.rename(target)
    elif registry.read_manifest(target) != manifest:
        raise ProjectError(f"{target} is another version; take another folder: --into")
    print(f"model:   {target}")
    return target


#% include cookiecutter.framework ~ "/src/export.py" ignore missing
