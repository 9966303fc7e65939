"""What is exported computes the same as the model; versions are copied whole."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper

from {{ cookiecutter.package_name }} import export, registry
from {{ cookiecutter.package_name }}.main import main

NATIVE = np.array([[0.2, 0.8], [0.5 + 1e-9, 0.5 - 1e-9], [0.50004, 0.49996]])


def test_the_largest_difference_is_found() -> None:
    outputs = NATIVE.copy()
    outputs[0] += [5e-5, -5e-5]
    assert export.largest_difference("onnx", outputs, NATIVE, 1) == pytest.approx(5e-5)
    values = np.array([[100.0], [300.0]])
    found = export.largest_difference("onnx", values + 0.001, values, unit=50)
    assert found == pytest.approx(2e-5)


def test_a_tie_may_be_broken_either_way_and_nothing_else() -> None:
    tie, other = NATIVE.copy(), NATIVE.copy()
    tie[1] = tie[1, ::-1]
    assert export.largest_difference("onnx", tie, NATIVE, 1) < 1e-8
    other[2] = other[2, ::-1]
    with pytest.raises(export.ExportError, match="1 of 3 rows another class"):
        export.largest_difference("onnx", other, NATIVE, 1)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (NATIVE + 2e-4, "up to 0.0002 off the model on 3 rows"),
        (np.full_like(NATIVE, np.nan), "up to nan off"),
        (NATIVE[:2], r"gives \(2, 2\), the model \(3, 2\)"),
        (NATIVE[:, :1], r"gives \(3, 1\), the model"),
    ],
)
def test_what_differs_is_refused(
    outputs: npt.NDArray[np.float64], message: str
) -> None:
    with pytest.raises(export.ExportError, match=message):
        export.largest_difference("onnx", outputs, NATIVE, 1)


def test_a_graph_is_computed(tmp_path: Path) -> None:
    kind = TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Neg", ["rows"], [export.PROBABILITIES])],
        "negative",
        [helper.make_tensor_value_info("rows", kind, ["batch", 2])],
        [helper.make_tensor_value_info(export.PROBABILITIES, kind, ["batch", 2])],
    )
    opset = helper.make_opsetid("", 18)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    onnx.save_model(model, tmp_path / "model.onnx")
    rows = np.array([[1, 2], [3, 4]], dtype=np.float32)
    found = export.run_onnx(tmp_path / "model.onnx", {"rows": rows})
    np.testing.assert_array_equal(found, -rows)


def test_a_version_is_verified_and_copied(
    save: Callable[[], Path], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = save()
    assert main(["export"]) == 0
    assert "onnx:        1.0e-07 off the model" in capsys.readouterr().out
    for _ in range(2):  # the second time, it is there already
        assert main(["export", "--into", "served"]) == 0
    copied, manifest = registry.load_version(project / "served/model")
    assert manifest == registry.read_manifest(folder)
    assert sorted(path.name for path in copied.iterdir()) == sorted(
        path.name for path in folder.iterdir()
    )


def test_another_version_is_not_overwritten_and_a_damaged_one_not_copied(
    save: Callable[[], Path], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = save()
    assert main(["export", "--into", "served"]) == 0
    (folder / "model.bin").write_bytes(b"other")
    assert main(["export", "--into", "elsewhere"]) == 2
    assert "model.bin was changed" in capsys.readouterr().err
    assert not (project / "elsewhere").exists()
    manifest = folder / registry.MANIFEST
    manifest.write_text(manifest.read_text("utf-8").replace('"seed": 1', '"seed": 2'))
    (folder / "model.bin").write_bytes(b"weights")
    assert main(["export", "--into", "served"]) == 2
    assert "is another version than" in capsys.readouterr().err
