"""The images that an export is compared on: of the test set, as requests have them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import held_out, models, registry, utils
from {{ cookiecutter.package_name }}.shared_settings import ExportSettings


def test_images_of_the_test_set_are_compared_without_their_labels(
    project: Path, save: Callable[[bool], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models.build_mnist_model((8, 8), 10, hidden_units=4)
    models.save_model(model, project)
    _, (images, _) = utils.load_digits()
    unknown = (np.empty((0, 8, 8)), np.empty(0)), (images, np.full(len(images), 99))
    monkeypatch.setattr(utils, "load_digits", lambda: unknown)
    monkeypatch.setattr(held_out, "MOST_ROWS", 50)
    manifest = registry.read_manifest(save(False)).model_copy(
        update={"settings": {"data_url": None}}
    )
    # Not from the configuration: the settings of the training are not read here.
    settings = ExportSettings.model_construct(quiet=True)
    sample = held_out.held_out(settings, project, manifest)
    np.testing.assert_array_equal(sample.feeds["images"], images[:50])
    assert sample.feeds["images"].dtype == np.float32
    assert sample.outputs.shape == (50, 10) and sample.unit == 1
    np.testing.assert_allclose(sample.outputs.sum(axis=1), 1, atol=1e-6)
