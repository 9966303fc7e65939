"""What Keras is told before it is imported."""

from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import main


def test_a_backend_that_is_not_installed_is_refused(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main.main(["train", "--keras-backend", "jax"]) == 2
    assert "requirements/jax.txt" in capsys.readouterr().err
