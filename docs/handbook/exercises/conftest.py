"""`from exercise import ...` in the test of an exercise means the file to be tested.

The variable EXERCISE names it: stub.py or solution.py beside the test, or a reader's
file.
"""

import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

found: dict[Path, ModuleType] = {}  # by the path of the test
file = Path()


class Finder:
    """Finds the module `exercise` in the file of the test that is being collected."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> ModuleSpec | None:
        """Say where it is."""
        if name == "exercise":
            return importlib.util.spec_from_file_location(name, file)
        return None


sys.meta_path.insert(0, Finder)


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Before a test is imported: another test's `exercise` is not this one's."""
    global file
    if isinstance(collector, pytest.Module):
        file = collector.path.parent / os.environ["EXERCISE"]
        sys.modules.pop("exercise", None)


def pytest_itemcollected(item: pytest.Item) -> None:
    """After that: keep what it has imported."""
    found[item.path] = sys.modules["exercise"]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give it back, for pickle and monkeypatch look for a module by its name."""
    sys.modules["exercise"] = found[item.path]
