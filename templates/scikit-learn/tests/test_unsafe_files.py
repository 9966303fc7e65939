"""A model's file that carries code: refused, and nothing runs."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skops import io as skops

from {{ cookiecutter.package_name }} import models
from {{ cookiecutter.package_name }}.config import ProjectError


class Bomb:
    """An object that makes a file, the canary, when its state is restored."""

    def __init__(self, canary: Path) -> None:
        """Name the file."""
        self.canary = str(canary)

    def __setstate__(self, state: dict[str, str]) -> None:
        """Restore it."""
        Path(state["canary"]).touch()


def test_code_in_a_file_is_refused_and_does_not_run(tmp_path: Path) -> None:
    file, canary = tmp_path / models.MODEL_FILE, tmp_path / "canary"
    pipeline = make_pipeline(StandardScaler())
    pipeline.surprise = Bomb(canary)
    skops.dump(pipeline, file)
    with pytest.raises(ProjectError, match=models.MODEL_FILE):
        models.load_model(tmp_path)
    assert not canary.exists()
    skops.load(file, trusted=skops.get_untrusted_types(file=file))
    assert canary.exists()  # the test is one: loaded carelessly, it does run


@pytest.mark.parametrize(
    "content",
    [make_pipeline(FunctionTransformer(exec)), {"a": "dictionary"}],
    ids=["a function of Python's", "no pipeline"],
)
def test_what_is_no_harmless_pipeline_is_refused(content: Any, tmp_path: Path) -> None:
    skops.dump(content, tmp_path / models.MODEL_FILE)
    with pytest.raises(ProjectError, match=models.MODEL_FILE):
        models.load_model(tmp_path)


def test_a_pickle_and_a_damaged_file_are_no_model(tmp_path: Path) -> None:
    file, canary = tmp_path / models.MODEL_FILE, tmp_path / "canary"
    skops.dump(make_pipeline(StandardScaler()), file)
    good = file.read_bytes()
    for content in (pickle.dumps(Bomb(canary)), good[:-50], b""):
        file.write_bytes(content)
        with pytest.raises(ProjectError, match="is damaged, or carries code"):
            models.load_model(tmp_path)
    assert not canary.exists()
