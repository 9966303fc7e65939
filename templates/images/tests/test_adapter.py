"""What serving, explaining, reporting and monitoring see of the data and the model."""

from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import adapter, registry
from {{ cookiecutter.package_name }}.config import DataError

from samples import INPUTS


def test_rows_splits_and_predictions_of_a_version(trained: Path) -> None:
    folder, manifest = registry.load_version(Path("models/model"))
    assert manifest.inputs == INPUTS
    (images, labels), (test_images, _) = adapter.load_splits(
        manifest, folder, Path("data")
    )
    assert (len(images), len(labels), len(test_images)) == (1437, 1437, 360)

    np.save("images.npy", test_images[:5])
    rows, nothing = adapter.read_rows(Path("images.npy"), INPUTS)
    np.testing.assert_array_equal(rows, test_images[:5])
    assert nothing is None
    assert adapter.feeds(rows, manifest.inputs)["images"].dtype == np.float32
    probabilities = adapter.predictor(folder, manifest)(rows)
    assert probabilities.shape == (5, 10) and probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)

    np.save("images.npy", test_images[:5] + 17)
    with pytest.raises(DataError, match="pixels must be from 0 to 16"):
        adapter.read_rows(Path("images.npy"), INPUTS)
    other = manifest.model_copy(update={"data_sha256": "0" * 64})
    with pytest.raises(DataError, match="digits has changed since version 1"):
        adapter.load_splits(other, folder, Path("data"))
