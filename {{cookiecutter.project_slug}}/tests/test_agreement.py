"""What counts as the same prediction."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from {{ cookiecutter.package_name }} import agreement
from {{ cookiecutter.package_name }}.agreement import ExportError, Sample

NATIVE = np.array([[0.2, 0.8], [0.5 + 1e-9, 0.5 - 1e-9], [0.50004, 0.49996]])


def test_the_largest_difference_is_found() -> None:
    outputs = NATIVE.copy()
    outputs[0] += [5e-5, -5e-5]
    found = agreement.largest_difference("onnx", Sample({}, NATIVE), outputs)
    assert found == pytest.approx(5e-5)


def test_a_tie_may_be_broken_either_way_and_nothing_else() -> None:
    sample = Sample({}, NATIVE)
    tie = NATIVE.copy()
    tie[1] = tie[1, ::-1]
    assert agreement.largest_difference("onnx", sample, tie) < 1e-8
    other = NATIVE.copy()
    other[2] = other[2, ::-1]
    with pytest.raises(ExportError, match="onnx gives 1 of 3 rows another class"):
        agreement.largest_difference("onnx", sample, other)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (NATIVE + 2e-4, "up to 0.0002 off the model on 3 rows"),
        (np.full_like(NATIVE, np.nan), "up to nan off"),
        (NATIVE[:2], r"gives \(2, 2\) where the model gives \(3, 2\)"),
        (NATIVE[:, :1], r"gives \(3, 1\) where"),
    ],
)
def test_what_differs_is_refused(outputs: agreement.Array, message: str) -> None:
    with pytest.raises(ExportError, match=message):
        agreement.largest_difference("onnx", Sample({}, NATIVE), outputs)


def test_values_are_measured_in_deviations_of_the_target() -> None:
    values = np.array([[100.0], [300.0]])
    found = agreement.largest_difference(
        "onnx", Sample({}, values, unit=50.0), values + 0.001
    )
    assert found == pytest.approx(2e-5)
    with pytest.raises(ExportError, match="up to 0.001 off"):
        agreement.largest_difference("onnx", Sample({}, values), values + 0.001)


def test_a_graph_is_computed(tmp_path: Path) -> None:
    kind = TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Neg", ["images"], ["probabilities"])],
        "negative",
        [helper.make_tensor_value_info("images", kind, ["batch", 2])],
        [helper.make_tensor_value_info("probabilities", kind, ["batch", 2])],
    )
    opset = helper.make_opsetid("", 18)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    onnx.save_model(model, tmp_path / "model.onnx")
    pixels = np.array([[1, 2], [3, 4]], dtype=np.float32)
    found = agreement.run_onnx(tmp_path / "model.onnx", {"images": pixels})
    np.testing.assert_array_equal(found, -pixels)
