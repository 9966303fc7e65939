"""The first command of the template's README, as a newcomer runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

pytestmark = pytest.mark.generated


def test_the_demo_trains_scores_and_says_where_everything_is() -> None:
    environment = dict(os.environ)
    environment["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), environment["PATH"]]
    )
    demo = subprocess.run(
        [sys.executable, "tools/demo.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    accuracy = re.search(r"^test accuracy: (0\.\d{4})$", demo.stdout, re.MULTILINE)
    assert accuracy is not None and float(accuracy[1]) >= 0.965
    project = ROOT / "build" / "demo" / "handwritten-digits"
    for name in ("model", "metrics", "log"):
        place = re.search(rf"^{name}: +(\S+)$", demo.stdout, re.MULTILINE)
        assert place is not None and (project / place[1]).exists()


def test_the_readme_shows_the_line_the_demo_prints() -> None:
    for readme in ("README.md", "{{cookiecutter.project_slug}}/README.md"):
        text = (ROOT / readme).read_text(encoding="utf-8")
        shown = re.search(r"^test accuracy: (0\.\d{4})$", text, re.MULTILINE)
        assert shown is not None and 0.965 <= float(shown[1]) <= 0.985
