"""What servers load: ONNX and TorchServe's archive predict what the model does."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from {{ cookiecutter.package_name }} import exporting, models, registry
from {{ cookiecutter.package_name }}.agreement import run_onnx
from {{ cookiecutter.package_name }}.held_out import IMAGES
from {{ cookiecutter.package_name }}.inputs import Inputs

SHAPE, MAX_VALUE = (6, 5), 16.0
PIXELS = np.random.default_rng(0).integers(0, 17, (7, *SHAPE)).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> models.MultilayerPerceptron:
    """A network with random weights."""
    models.set_seed(0)
    return models.build_mnist_model(SHAPE, 3, hidden_units=16)


@pytest.fixture
def manifest(save: Callable[[bool], Path]) -> registry.Manifest:
    """A manifest that fits the network."""
    return registry.read_manifest(save(False)).model_copy(
        update={
            "classes": ("low", "middle", "high"),
            "inputs": Inputs(height=6, width=5, max_value=MAX_VALUE),
        }
    )


@pytest.fixture(scope="module")
def native(model: models.MultilayerPerceptron) -> models.FloatArray:
    """What the network says of the pixels, scaled."""
    return models.predict_probabilities(model, PIXELS / np.float32(MAX_VALUE))


@pytest.fixture(scope="module")
def traced(model: models.MultilayerPerceptron) -> torch.export.ExportedProgram:
    """The network as it is exported."""
    return exporting.program(exporting.Served(model, MAX_VALUE).eval(), SHAPE)


def test_the_onnx_graph_takes_raw_pixels_of_any_number_of_images(
    traced: torch.export.ExportedProgram, native: models.FloatArray, tmp_path: Path
) -> None:
    exporting.export_onnx(traced, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    graph = onnx.load_model(tmp_path / "model.onnx").graph
    assert [value.name for value in graph.input] == ["images"]
    assert [value.name for value in graph.output] == ["probabilities"]
    for rows in (7, 1):
        found = run_onnx(tmp_path / "model.onnx", {IMAGES: PIXELS[:rows]})
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, native[:rows], atol=1e-6)


def test_the_archive_holds_what_torchserve_needs(
    traced: torch.export.ExportedProgram,
    native: models.FloatArray,
    manifest: registry.Manifest,
    tmp_path: Path,
) -> None:
    handler = tmp_path / "source.py"
    handler.write_text("# reads requests\n", encoding="utf-8")
    exporting.export_archive(traced, tmp_path, manifest, 3, handler)
    with zipfile.ZipFile(tmp_path / "model.mar") as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    about = json.loads(found["MAR-INF/MANIFEST.json"])
    assert about["model"]["modelVersion"] == "3.0"
    for part in ("serializedFile", "handler"):
        assert about["model"][part] in found
    assert found["handler.py"] == handler.read_bytes()
    names = {"0": "low", "1": "middle", "2": "high"}
    assert json.loads(found["index_to_name.json"]) == names
    inputs = {"height": 6, "width": 5, "max_value": 16.0}
    assert json.loads(found["inputs.json"]) == inputs
    network = torch.export.load(io.BytesIO(found["model.pt2"])).module()
    one = network(torch.from_numpy(PIXELS[:1])).detach().numpy()
    np.testing.assert_allclose(one, native[:1], atol=1e-6)
    outputs = exporting.run_archive(tmp_path, {IMAGES: PIXELS})
    np.testing.assert_allclose(outputs, native, atol=1e-6)


def test_an_archive_is_made_where_there_is_a_handler(
    model: models.MultilayerPerceptron,
    manifest: registry.Manifest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "3"
    folder.mkdir()
    models.save_model(model, folder)
    assert exporting.formats(folder, manifest).keys() == {"onnx"}
    exporting.HANDLER.parent.mkdir(parents=True)
    exporting.HANDLER.touch()
    assert exporting.formats(folder, manifest).keys() == {"onnx", "torchserve"}
