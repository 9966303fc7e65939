"""A model's file that carries code: refused, and nothing runs."""

from pathlib import Path

import pytest
import torch

from {{ cookiecutter.package_name }} import models
from {{ cookiecutter.package_name }}.config import ProjectError


class Bomb:
    """An object whose pickle makes a file, the canary, when it is read."""

    def __init__(self, canary: Path) -> None:
        """Name the file."""
        self.canary = canary

    def __reduce__(self) -> tuple[object, ...]:
        """Name the function to call, and its arguments."""
        return open, (str(self.canary), "w")


@pytest.mark.parametrize("archive", [True, False], ids=["today's", "before 1.6"])
def test_code_in_a_file_is_refused_and_does_not_run(
    archive: bool, tmp_path: Path
) -> None:
    file, canary = tmp_path / models.MODEL_FILE, tmp_path / "canary"
    content = {"sizes": Bomb(canary)}
    torch.save(content, file, _use_new_zipfile_serialization=archive)
    with pytest.raises(ProjectError, match=models.MODEL_FILE):
        models.load_model(tmp_path)
    assert not canary.exists()
    torch.load(file, weights_only=False)
    assert canary.exists()  # the test is one: loaded carelessly, it does run
