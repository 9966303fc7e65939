"""Fixtures that every test may use; the modules below add those of one subject."""

import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from {{ cookiecutter.package_name }} import main, registry
from {{ cookiecutter.package_name }}.config import ENV_PREFIX
from {{ cookiecutter.package_name }}.files import library_versions

#% if "serve" in cookiecutter.__extras
pytest_plugins = ["gates", "samples"]
#% else
pytest_plugins = ["samples"]
#% endif

ROOT = Path(__file__).parents[1]


@contextmanager
def working_in(folder: Path) -> Iterator[Path]:
    """Work in an empty folder, with no setting but the defaults; clean up after it."""
    yours = shutil.ignore_patterns("train.yaml", "serve.yaml")
    shutil.copytree(ROOT / "configs", folder / "configs", ignore=yours)
    for name in ("train.yaml", "serve.yaml"):
        (folder / "configs" / name).touch()
    root = logging.getLogger()
    handlers, hook = root.handlers[:], sys.excepthook
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in list(os.environ):
            if name.startswith(ENV_PREFIX):
                patch.delenv(name)
        if "tracking" in main.all_settings():  # it takes seconds; its tests turn it on
            patch.setenv(f"{ENV_PREFIX}TRACKING", "false")
        yield folder
    logging.captureWarnings(False)
    sys.excepthook = hook
    for handler in set(root.handlers) - set(handlers):
        if isinstance(handler, logging.FileHandler):  # libraries keep theirs open
            handler.close()
    root.handlers = handlers


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """An empty folder, where all settings are the defaults, as the working folder."""
    with working_in(tmp_path) as folder:
        yield folder


@pytest.fixture(scope="session")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a model was trained, once for all tests: they copy it."""
    from samples import QUICK_TRAINING

    with working_in(tmp_path_factory.mktemp("training")) as folder:
        assert main.main(["train", "--quiet", *QUICK_TRAINING]) == 0
    return folder


@pytest.fixture
def trained(project: Path, training: Path) -> Path:
    """The fixture `project`, with version 1 of a model in it."""
    shutil.copytree(training, project, dirs_exist_ok=True)
    return project


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """Where the versions of a model are to be, seen from the fixture `project` too."""
    return tmp_path / "models" / "model"


@pytest.fixture
def save(model_dir: Path) -> Callable[[], Path]:
    """Save versions of what is no real model."""
    from samples import INPUTS

    def write_files(folder: Path) -> dict[str, Any]:
        (folder / "variables").mkdir()
        (folder / "variables/data").write_bytes(b"numbers")
        (folder / "model.bin").write_bytes(b"weights")
        return {"exports": {"onnx": 1e-7}}

    def save_version() -> Path:
        return registry.save_version(
            model_dir,
            write_files,
            libraries=library_versions(("numpy", "absent")),
            metrics={"val_accuracy": 0.9},
            history={"val_accuracy": [0.8, 0.9]},
            settings={"epochs": 2},
            seed=1,
            dataset="digits",
            classes=("0", "1"),
            inputs=INPUTS,
            data_sha256="0" * 64,
        )

    return save_version
