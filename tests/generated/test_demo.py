"""The first command of the template's README, as a newcomer runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browsers import keep_session, visit
from conftest import ROOT, choices

pytestmark = pytest.mark.generated

STEPS = (
    "uv and cookiecutter",
    "render",
    "set up what training needs",
    "train and evaluate",
    "set up what serving needs",
    "serve",
    "all",
)
# What a make that runs these tests would tell another; and a home folder.
MISLEADING = {"ARGS", "HOME", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "VIRTUAL_ENV"}


def assert_demonstrated(folder: Path, shown: str) -> None:
    """The output has a score, a prediction, where everything is, and each step."""
    accuracy = re.search(r"^test accuracy: (0\.\d{4})$", shown, re.MULTILINE)
    assert accuracy is not None and float(accuracy[1]) >= 0.965
    assert '{"predictions": [' in shown
    (project,) = (folder / "build" / "demo").iterdir()
    for name in ("model", "metrics"):
        place = re.search(rf"^{name}: +(\S+)$", shown, re.MULTILINE)
        assert place is not None and (project / place[1]).exists()
    seconds = re.findall(r"(?m)^ *([\d.]+) s  (.+)$", shown)
    assert tuple(name for _, name in seconds) == STEPS
    print("\n".join(f"{number} s {name}" for number, name in seconds))


@pytest.mark.skipif(os.name == "nt", reason="uses make: for Linux and macOS")
def test_a_fresh_clone_with_an_empty_cache_trains(tmp_path: Path) -> None:
    """From nothing but Python, make and git; how long it takes is printed.

    In a folder as people have them, by a user without a home folder.
    """
    clone = tmp_path / "Eigene Übungen, 1"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    here = {
        str(Path(sys.executable).parent),
        os.environ.get("VIRTUAL_ENV", "") + "/bin",
    }
    path = [part for part in os.environ["PATH"].split(os.pathsep) if part not in here]
    environment = {
        key: value for key, value in os.environ.items() if key not in MISLEADING
    }
    environment |= {"PATH": os.pathsep.join(path), "UV_CACHE_DIR": str(tmp_path / "uv")}
    demo = subprocess.run(
        ["make", "demo"],
        cwd=clone,
        env=environment | {"PIP_NO_CACHE_DIR": "1", "PIP_USER": "1"},
        capture_output=True,
        text=True,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert_demonstrated(clone, demo.stdout)


@pytest.mark.parametrize("framework", choices()["framework"][1:])
def test_the_demo_of_another_framework(framework: str, browser: Browser) -> None:
    environment = dict(os.environ)
    environment["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), environment["PATH"]]
    )
    demo = subprocess.run(
        [sys.executable, "tools/demo.py", f"framework={framework}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert_demonstrated(ROOT, demo.stdout)
    if framework == "scikit-learn":
        with visit(browser, 900, "dark") as found:
            shown, _, _ = demo.stdout.partition("\nproject: ")  # seconds come after it
            typed = f"$ make demo FRAMEWORK={framework}\n"
            keep_session(found.page, "demo.png", typed + shown)


def test_the_readme_shows_the_line_the_demo_prints() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"^test accuracy: (0\.\d{4})$", text, re.MULTILINE)
    assert shown is not None and 0.965 <= float(shown[1]) <= 0.985
