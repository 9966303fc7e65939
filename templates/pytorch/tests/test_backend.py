"""What PyTorch is told before it computes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from {{ cookiecutter.package_name }} import backend, main


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Take back what a test has told PyTorch."""
    yield
    backend.prepare()


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_here_is_refused(
    device: str,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    assert main.main(["train", "--device", device]) == 2
    assert f"device: {device} is not here" in capsys.readouterr().err


def test_a_device_that_is_here_is_where_tensors_are_made(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str | None] = []
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.set_default_device", told.append)
    backend.prepare(backend.BackendSettings(device="cuda"))
    backend.prepare()
    assert told == ["cuda", None]


@pytest.mark.parametrize(("wanted", "used"), [(1, 1), (3, 3), (0, 6)])
def test_an_operation_gets_the_threads_it_was_given(
    wanted: int, used: int, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    backend.prepare(backend.BackendSettings(op_threads=wanted))
    assert torch.get_num_threads() == used
