"""What servers load: ONNX and a SavedModel that predict what the model does."""

from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from {{ cookiecutter.package_name }} import exporting, models
from {{ cookiecutter.package_name }}.agreement import run_onnx
from {{ cookiecutter.package_name }}.held_out import IMAGES

SHAPE, MAX_VALUE = (6, 5), 16.0
PIXELS = np.random.default_rng(0).integers(0, 17, (7, *SHAPE)).astype(np.float32)


@pytest.fixture
def model() -> keras.Model:
    """A network with random weights."""
    models.set_seed(0)
    return models.build_mnist_model(SHAPE, 3, hidden_units=16)


@pytest.fixture
def native(model: keras.Model) -> models.FloatArray:
    """What the network says of the pixels, scaled."""
    return models.predict_probabilities(model, PIXELS / np.float32(MAX_VALUE))


def test_the_onnx_graph_takes_raw_pixels_of_any_number_of_images(
    model: keras.Model, native: models.FloatArray, tmp_path: Path
) -> None:
    exporting.export_onnx(exporting.with_raw_pixels(model, MAX_VALUE), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    graph = onnx.load_model(tmp_path / "model.onnx").graph
    assert [value.name for value in graph.input] == ["images"]
    assert [value.name for value in graph.output] == ["probabilities"]
    for rows in (7, 1):
        found = run_onnx(tmp_path / "model.onnx", {IMAGES: PIXELS[:rows]})
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, native[:rows], atol=1e-6)


def test_the_saved_model_serves_raw_pixels_by_name(
    model: keras.Model, native: models.FloatArray, tmp_path: Path
) -> None:
    exporting.export_saved_model(exporting.with_raw_pixels(model, MAX_VALUE), tmp_path)
    assert (tmp_path / "saved_model.pb").is_file()
    for rows in (7, 1):
        found = exporting.run_saved_model(tmp_path, {IMAGES: PIXELS[:rows]})
        np.testing.assert_allclose(found, native[:rows], atol=1e-6)
