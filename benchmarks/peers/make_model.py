"""Make the model that every server serves, and what is asked of it.

    python make_model.py FOLDER

Writes model.onnx, a perceptron of 784-128-10 with made-up weights (its speed does not
depend on them); images-<n>.json, n images; and probabilities-<n>.json, ONNX Runtime's
answer.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HIDDEN, CLASSES = 128, 10
BATCHES = (1, 64)


def make_model(random: np.random.Generator) -> onnx.ModelProto:
    """Return a graph from raw pixels, 0 to 255, to probabilities, as a project has."""
    first = random.normal(scale=0.05, size=(784, HIDDEN))
    second = random.normal(scale=0.2, size=(HIDDEN, CLASSES))
    constants = {
        "white": np.array(255, np.float32),
        "first": first.astype(np.float32),
        "first_bias": np.zeros(HIDDEN, np.float32),
        "second": second.astype(np.float32),
        "second_bias": np.zeros(CLASSES, np.float32),
    }
    nodes = [
        helper.make_node("Div", ["images", "white"], ["scaled"]),
        helper.make_node("Flatten", ["scaled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "first", "first_bias"], ["sums"]),
        helper.make_node("Relu", ["sums"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "second", "second_bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    pixels = helper.make_tensor_value_info(
        "images", TensorProto.FLOAT, ["batch", 28, 28]
    )
    probabilities = helper.make_tensor_value_info(
        "probabilities", TensorProto.FLOAT, ["batch", CLASSES]
    )
    weights = [
        numpy_helper.from_array(array, name) for name, array in constants.items()
    ]
    graph = helper.make_graph(nodes, "mlp", [pixels], [probabilities], weights)
    opset = helper.make_opsetid("", 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=8)


def main(folder: Path) -> None:
    """Write the model, the images and the answers."""
    random = np.random.default_rng(1)
    path = folder / "model.onnx"
    onnx.save(make_model(random), path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for n in BATCHES:
        images = random.integers(256, size=(n, 28, 28))
        images[random.random(images.shape) < 0.6] = 0  # paper, as in drawn digits
        (answer,) = session.run(None, {"images": images.astype(np.float32)})
        (folder / f"images-{n}.json").write_text(json.dumps(images.tolist()))
        (folder / f"probabilities-{n}.json").write_text(json.dumps(answer.tolist()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
