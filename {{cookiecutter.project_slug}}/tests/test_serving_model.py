"""Loading a version for the server: verified, and what its manifest says it is."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from {{ cookiecutter.package_name }}.files import FileError
from {{ cookiecutter.package_name }}.registry import RegistryError
from {{ cookiecutter.package_name }}.serving.model import load_model

from graphs import CLASSES, TENSORS, expected, graph, save


def test_a_version_predicts_what_its_graph_says(tmp_path: Path) -> None:
    save(tmp_path / "model")
    model = load_model(tmp_path / "model", 1)
    assert (model.name, model.version, model.classes) == ("model", 1, CLASSES)
    assert [tensor.name for tensor in model.tensors] == list(TENSORS)
    for tensor, array in zip(model.tensors, TENSORS.values(), strict=True):
        assert tensor.dtype == array.dtype
        assert tensor.shape == (-1, *array.shape[1:])
    assert [tensor.name for tensor in model.outputs] == ["probabilities"]
    answer = model.predict(TENSORS)["probabilities"]
    assert answer.dtype == np.float32
    assert np.allclose(answer, expected(), atol=1e-6)


def test_a_version_that_was_changed_is_not_loaded(tmp_path: Path) -> None:
    folder = save(tmp_path / "model")
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(RegistryError, match="model.onnx was changed"):
        load_model(tmp_path / "model", 1)


def test_what_is_no_graph_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx, "save_model", lambda _, file: file.write_text("graph"))
    save(tmp_path / "model")
    with pytest.raises(FileError, match="model.onnx is damaged"):
        load_model(tmp_path / "model", 1)


def renamed_output(content: onnx.ModelProto) -> onnx.ModelProto:
    """Give the output another name."""
    content.graph.output[0].name = content.graph.node[-1].output[0] = "answer"
    return content


def fixed_batch(content: onnx.ModelProto) -> onnx.ModelProto:
    """Let the graph take one row only."""
    for each in content.graph.input:
        each.type.tensor_type.shape.dim[0].dim_value = 1
    return content


def other_height(content: onnx.ModelProto) -> onnx.ModelProto:
    """Let the graph take something larger."""
    content.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 9
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (renamed_output(graph()), "has \\['answer'\\] where the manifest has"),
        (fixed_batch(graph()), "and must be of \\[-1, "),
        (other_height(graph()), "is tensor\\(float\\) of \\['n', 9"),
    ],
)
def test_a_graph_that_is_not_the_manifests_is_refused(
    content: onnx.ModelProto, message: str, tmp_path: Path
) -> None:
    save(tmp_path / "model", content)
    with pytest.raises(RegistryError, match=message):
        load_model(tmp_path / "model", 1)


def test_serving_imports_nothing_that_trains() -> None:
    code = (
        "import sys, {{ cookiecutter.package_name }}.serving.protocols;"
        "heavy = {'keras', 'onnx', 'pandas', 'sklearn', 'tensorflow', 'torch'};"
        "sys.exit(', '.join(heavy & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
