"""Fixtures that every test may use; samples.py adds data that train in a second."""

import logging
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }}.config import ENV_PREFIX

pytest_plugins = ["samples"]

ROOT = Path(__file__).parents[1]


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
