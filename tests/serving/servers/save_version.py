"""Write the golden model as a version of a rendered project: python save_version.py.

Run in the project's folder, where it makes models/model/1, as `train` does.
"""

from pathlib import Path

import numpy as np
import onnx
from handwritten_digits import registry
from handwritten_digits.adapter import Inputs
from onnx import TensorProto, helper, numpy_helper

import golden_model


def graph() -> onnx.ModelProto:
    """Return a softmax regression on raw pixels, as exported models have it."""
    model = golden_model.read()
    constants = {
        "flat": np.array([-1, 64]),
        "largest": np.array(model["max_value"], np.float32),
        "weights": np.array(model["weights"], np.float32),
        "biases": np.array(model["biases"], np.float32),
    }
    nodes = [
        helper.make_node("Div", ["images", "largest"], ["scaled"]),
        helper.make_node("Reshape", ["scaled", "flat"], ["pixels"]),
        helper.make_node("Gemm", ["pixels", "weights", "biases"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    images = ["batch", model["height"], model["width"]]
    classes = ["batch", len(model["classes"])]
    floats = TensorProto.FLOAT
    return helper.make_model(
        helper.make_graph(
            nodes,
            "golden",
            [helper.make_tensor_value_info("images", floats, images)],
            [helper.make_tensor_value_info("probabilities", floats, classes)],
            [numpy_helper.from_array(array, name) for name, array in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )


def write(folder: Path) -> dict[str, dict[str, float]]:
    """Write what a server loads; return how exact it is."""
    onnx.save(graph(), folder / "model.onnx")
    return {"exports": {"onnx": 0.0}}


if __name__ == "__main__":
    golden = golden_model.read()
    registry.save_version(
        Path("models/model"),
        write,
        metrics={},
        history={},
        settings={},
        seed=1,
        dataset="digits",
        classes=tuple(golden["classes"]),
        inputs=Inputs(
            shape=(golden["height"], golden["width"]), max_value=golden["max_value"]
        ),
        data_sha256="0" * 64,
    )
