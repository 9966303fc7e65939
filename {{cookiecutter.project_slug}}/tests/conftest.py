"""Fixtures: a project folder for each test, and data that train in a second."""

import logging
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import absl.logging
import numpy as np
import numpy.typing as npt
import pytest

from {{ cookiecutter.package_name }}.config import ENV_PREFIX
from {{ cookiecutter.package_name }}.main import prepare_backend

ROOT = Path(__file__).parents[1]

# Before any test module imports Keras.
prepare_backend()
# Whenever logging is configured, absl, which Keras logs with, closes the stream it was
# imported with unless that is a standard one; under pytest it is pytest's own.
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

Arrays = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder with this project's configs, as the working folder."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(ENV_PREFIX):
            monkeypatch.delenv(name)
    root = logging.getLogger()
    handlers, hook = root.handlers[:], sys.excepthook
    yield tmp_path
    logging.captureWarnings(False)
    sys.excepthook = hook
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers = handlers


@pytest.fixture
def stripes() -> Arrays:
    """240 images of 6x5 pixels in three classes: which third of the rows is bright."""
    generator = np.random.default_rng(0)
    labels = np.array([0, 1, 2] * 80, dtype=np.int64)
    images = generator.random((240, 6, 5), dtype=np.float32) * np.float32(0.5)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 2] += 0.5
    return images, labels
