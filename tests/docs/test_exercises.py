"""Each exercise fails as handed out, passes as solved, and is in a chapter."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conftest import ROOT
from tools import exercise

NAMES = sorted(file.parent.name for file in exercise.EXERCISES.glob("*/stub.py"))
CHAPTERS = "\n".join(
    file.read_text(encoding="utf-8") for file in (ROOT / "docs/handbook").glob("*.md")
)


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, int]]:
    """Return `failed(file)`: how many tests each exercise's file fails.

    All are tested in one process: the libraries take longer to import than they do.
    """
    counts: dict[str, dict[str, int]] = {}

    def get(file: str) -> dict[str, int]:
        if file not in counts:
            report = tmp_path_factory.mktemp("exercises") / "report.xml"
            subprocess.run(
                [*exercise.command(exercise.EXERCISES), "--junitxml", report],
                env=os.environ | {"EXERCISE": file},
                stdout=subprocess.DEVNULL,
            )
            counts[file] = {}
            for case in ElementTree.parse(report).iter("testcase"):
                name = (case.get("classname") or case.attrib["name"]).split(".")[0]
                counts[file].setdefault(name, 0)
                counts[file][name] += len(case)  # a failure or an error
        return counts[file]

    return get


@pytest.mark.parametrize("name", NAMES)
def test_the_stub_fails_and_the_solution_passes(
    name: str, failed: Callable[[str], dict[str, int]]
) -> None:
    assert failed("stub.py")[name] > 0
    assert failed("solution.py")[name] == 0


def test_there_are_enough_of_them() -> None:
    assert len(NAMES) >= 40


@pytest.mark.parametrize("name", NAMES)
def test_it_is_in_a_chapter(name: str) -> None:
    assert name not in sys.stdlib_module_names  # its folder would hide the module
    assert f"poe exercise {name}\n" in CHAPTERS
    for file in ("stub.py", "solution.py"):
        assert f"```{{literalinclude}} exercises/{name}/{file}\n" in CHAPTERS


def test_a_readers_file_is_handed_out_once_and_tested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(exercise, "ROOT", tmp_path)
    monkeypatch.setattr(exercise, "YOURS", tmp_path / "exercises")
    yours = tmp_path / "exercises" / "warm-up.py"
    assert exercise.main("warm-up") == 1
    assert "NotImplementedError" in capfd.readouterr().out
    solution = exercise.EXERCISES / "warm-up" / "solution.py"
    yours.write_text(solution.read_text(encoding="utf-8"), encoding="utf-8")
    assert exercise.main("warm-up") == 0
    assert "2 passed" in capfd.readouterr().out


def test_an_unknown_name_is_told_which_there_are() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools/exercise.py", "gone"],
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert "'gone'" in done.stderr and "warm-up" in done.stderr
