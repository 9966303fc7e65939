"""mypy, strict, finds nothing in any render: with the libraries of its framework.

Renders with the same Python files and settings are checked once, with the environment
that `environments.py` makes for each framework.
"""

import os
from pathlib import Path

import pytest

from combinations import fingerprint, recorded_answers
from conftest import BakedProject, choices
from environments import Installed

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="uses make: for Linux and macOS"),
]


@pytest.mark.parametrize("framework", choices()["framework"])
def test_every_combination_is_typed(
    framework: str,
    installed: Installed,
    combinations: dict[str, BakedProject],
    tmp_path: Path,
) -> None:
    distinct = {
        fingerprint(project): project.path
        for project in combinations.values()
        if recorded_answers(project)["framework"] == framework
    }
    assert distinct
    for path in distinct.values():
        shown = installed(framework).run(
            "mypy", "--cache-dir", str(tmp_path), folder=path
        )
        assert shown.startswith("Success: no issues found in")
