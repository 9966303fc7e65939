"""Make the model that every server serves, and what is asked of it.

    python make_model.py FOLDER

Writes model.onnx, a perceptron of 784-128-10 with made-up weights (its speed does not
depend on them); images-<n>.json, n images; and probabilities-<n>.json, ONNX Runtime's
answer. The same in the folder cnn/ of a network of two convolutions, 5 million weights.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

CLASSES = 10
BATCHES = (1, 64)


def weights(random: np.random.Generator, *shape: int) -> np.ndarray:
    """Return weights that keep values about as large as they are."""
    scale = np.sqrt(2 / np.prod(shape[1:] if len(shape) == 4 else shape[:1]))
    return random.normal(scale=scale, size=shape).astype(np.float32)


def perceptron(random: np.random.Generator) -> onnx.ModelProto:
    """Return a graph from raw pixels, 0 to 255, to probabilities, as a project has."""
    nodes = [
        helper.make_node("Flatten", ["scaled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "first", "first_bias"], ["sums"]),
        helper.make_node("Relu", ["sums"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "second", "second_bias"], ["logits"]),
    ]
    layers = {
        "first": weights(random, 784, 128),
        "first_bias": np.zeros(128, np.float32),
        "second": weights(random, 128, 10),
        "second_bias": np.zeros(CLASSES, np.float32),
    }
    return graph(nodes, layers)


def convolutions(random: np.random.Generator) -> onnx.ModelProto:
    """Return the same of two convolutions of 5 x 5 with 32 and 64 filters, each halved
    by pooling, and 1600 hidden units: 5,084,000 weights."""
    nodes = [helper.make_node("Unsqueeze", ["scaled", "channel"], ["pooled0"])]
    for n in (1, 2):
        last = f"pooled{n - 1}"
        edge = {"pads": [2, 2, 2, 2]}
        half = {"kernel_shape": [2, 2], "strides": [2, 2]}
        nodes += [
            helper.make_node("Conv", [last, f"filters{n}"], [f"found{n}"], **edge),
            helper.make_node("Relu", [f"found{n}"], [f"seen{n}"]),
            helper.make_node("MaxPool", [f"seen{n}"], [f"pooled{n}"], **half),
        ]
    nodes += [
        helper.make_node("Flatten", ["pooled2"], ["flat"]),
        helper.make_node("Gemm", ["flat", "first"], ["sums"]),
        helper.make_node("Relu", ["sums"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "second"], ["logits"]),
    ]
    layers = {
        "channel": np.array([1]),
        "filters1": weights(random, 32, 1, 5, 5),
        "filters2": weights(random, 64, 32, 5, 5),
        "first": weights(random, 64 * 7 * 7, 1600),
        "second": weights(random, 1600, 10),
    }
    return graph(nodes, layers)


def graph(
    nodes: list[onnx.NodeProto], layers: dict[str, np.ndarray]
) -> onnx.ModelProto:
    """Return a model: `nodes` lead from `scaled` to `logits`."""
    pixels = helper.make_tensor_value_info(
        "images", TensorProto.FLOAT, ["batch", 28, 28]
    )
    probabilities = helper.make_tensor_value_info(
        "probabilities", TensorProto.FLOAT, ["batch", CLASSES]
    )
    nodes = [
        helper.make_node("Div", ["images", "white"], ["scaled"]),
        *nodes,
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    constants = {"white": np.array(255, np.float32), **layers}
    tensors = [numpy_helper.from_array(each, name) for name, each in constants.items()]
    made = helper.make_graph(nodes, "model", [pixels], [probabilities], tensors)
    opset = helper.make_opsetid("", 17)
    return helper.make_model(made, opset_imports=[opset], ir_version=8)


def write(folder: Path, model: onnx.ModelProto) -> None:
    """Write a model, the images and the answers."""
    folder.mkdir(exist_ok=True)
    path = folder / "model.onnx"
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    for n in BATCHES:
        images = random.integers(256, size=(n, 28, 28))
        images[random.random(images.shape) < 0.6] = 0  # paper, as in drawn digits
        (answer,) = session.run(None, {"images": images.astype(np.float32)})
        (folder / f"images-{n}.json").write_text(json.dumps(images.tolist()))
        (folder / f"probabilities-{n}.json").write_text(json.dumps(answer.tolist()))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    write(folder, perceptron(np.random.default_rng(1)))
    write(folder / "cnn", convolutions(np.random.default_rng(1)))
