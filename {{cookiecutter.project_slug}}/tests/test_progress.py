"""What is done after each epoch."""

import logging
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }}.checkpoints import Run, State
from {{ cookiecutter.package_name }}.progress import Bookkeeper


def write_model(folder: Path) -> None:
    """Stand in for a model."""
    (folder / "model.bin").write_bytes(b"weights")


def test_an_epoch_is_remembered_kept_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run, state = Run(tmp_path), State({"seed": 1}, 4, {"loss": [0.9] * 4})
    caplog.set_level(logging.INFO)
    with Bookkeeper(run, state, 6, quiet=True, write_model=write_model) as bookkeeper:
        bookkeeper.epoch_done({"loss": 0.5})
    assert (state.epoch, state.history) == (5, {"loss": [0.9] * 4 + [0.5]})
    saved, folder = run.load({"seed": 1})
    assert saved == state and (folder / "model.bin").is_file()
    assert "epoch 5/6: loss 0.5000" in caplog.text
