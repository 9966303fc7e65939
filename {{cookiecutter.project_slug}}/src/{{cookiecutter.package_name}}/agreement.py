"""Whether what was exported computes what the native model does.

A converter that misreads a model still writes a file, and one that loads. So every
export predicts rows that the model was not trained on, beside the native model.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .config import ProjectError

Array = npt.NDArray[Any]
Feeds = Mapping[str, Array]  # an array for each input, the first axis is the batch

TOLERANCE = 1e-4  # of a probability; of a regression's target, in standard deviations
# Two classes that are nearer than this are a tie, which float32 may break either way.
TIE = 1e-6
MOST_ROWS = 1000  # more would only take longer

PROBABILITIES, VALUE = "probabilities", "value"  # what an output is called


class ExportError(ProjectError):
    """A model cannot be exported, or the export does not compute the same."""


class Sample(NamedTuple):
    """Rows to compare an export on.

    Attributes:
        feeds: What a request holds: nothing is scaled or encoded yet.
        outputs: What the native model says: float (n, classes), or (n, 1) of a
            regression.
        unit: What a difference is measured in: 1 for probabilities; the standard
            deviation of the target for a regression.
    """

    feeds: dict[str, Array]
    outputs: Array
    unit: float = 1.0


class Format(NamedTuple):
    """A way to write a model.

    Attributes:
        write: Writes its files into a folder.
        run: Loads them from a folder, as a server does, and predicts.
    """

    write: Callable[[Path], object]
    run: Callable[[Path, Feeds], Array]


def run_onnx(file: Path, feeds: Feeds, output: str = PROBABILITIES) -> Array:
    """Return an output of an ONNX file, computed by ONNX Runtime with one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        file, options, providers=["CPUExecutionProvider"]
    )
    (found,) = session.run([output], dict(feeds))
    return np.asarray(found)


def largest_difference(name: str, sample: Sample, outputs: Array) -> float:
    """Return how far an export is from the native model, in units of the sample.

    Args:
        name: What the message calls the export.
        sample: The rows, and what the native model says of them.
        outputs: What the export says of them.

    Raises:
        ExportError: If the shape is another, a value is not a number, one is further
            off than `TOLERANCE`, or a row gets another class.
    """
    native = sample.outputs
    if outputs.shape != native.shape:
        raise ExportError(
            f"{name} gives {outputs.shape} where the model gives {native.shape}; "
            "nothing was exported"
        )
    difference = float(np.abs(outputs - native).max() / sample.unit)
    if not difference <= TOLERANCE:  # which NaN is not, either
        raise ExportError(
            f"{name} is up to {difference:.3g} off the model on {len(native)} rows, "
            f"where {TOLERANCE:g} is allowed; nothing was exported"
        )
    rows = np.arange(len(native))
    chosen = native[rows, outputs.argmax(axis=1)]
    other = int((native.max(axis=1) - chosen > TIE).sum())
    if other:
        raise ExportError(
            f"{name} gives {other} of {len(native)} rows another class than the model; "
            "nothing was exported"
        )
    return difference
