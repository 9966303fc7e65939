"""A version with a graph small enough to compute by hand: no framework, no training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from {{ cookiecutter.package_name }} import registry
from {{ cookiecutter.package_name }}.adapter import Inputs
from {{ cookiecutter.package_name }}.serving.messages import Array

CLASSES = ("cat", "dog", "emu")
FACTS: dict[str, Any] = {
    "metrics": {},
    "history": {},
    "settings": {},
    "seed": 1,
    "dataset": "digits",
    "inputs": Inputs(shape=(8, 8), max_value=16),
    "data_sha256": "0" * 64,
}
WEIGHTS = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)

# Two images, as each protocol wants them.
TENSORS: dict[str, Array] = {
    "images": np.random.default_rng(1).integers(0, 17, (2, 8, 8)).astype(np.float32)
}
ASKED = TENSORS  # as requests have them
ROWS: list[Any] = TENSORS["images"].astype(int).tolist()
LISTS = ROWS
COLUMNS: Any = {"images": ROWS}
WHOLE: Array | None = TENSORS["images"]
OUTPUT_NAMES = CLASSES


def expected() -> Array:
    """Return what the graph has to answer to the two images, float64 (2, 3)."""
    logits = TENSORS["images"].reshape(2, 64) / 16 @ WEIGHTS.astype(np.float64)
    powers = np.exp(logits)
    result: Array = powers / powers.sum(axis=1, keepdims=True)
    return result


def graph(name: str = "images") -> onnx.ModelProto:
    """Return a softmax regression that divides the pixels itself.

    Args:
        name: What its input is called.
    """
    constants = {
        "flat": np.array([-1, 64]),
        "largest": 16.0,
        "weights": WEIGHTS,
    }
    return onnx_model(
        [
            helper.make_node("Div", [name, "largest"], ["parts"]),
            helper.make_node("Reshape", ["parts", "flat"], ["rows"]),
            helper.make_node("MatMul", ["rows", "weights"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"]),
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 8, 8])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 3])],
        constants,
    )


def save(model_dir: Path, content: onnx.ModelProto | None = None) -> Path:
    """Save a version that holds a graph; the one of this module if not given."""

    def write_files(folder: Path) -> dict[str, Any]:
        onnx.save_model(content or graph(), folder / "model.onnx")
        return {"exports": {"onnx": 0.0}}

    return registry.save_version(model_dir, write_files, classes=CLASSES, **FACTS)


#% include "onnx_model.py"
