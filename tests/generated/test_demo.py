"""The first command of the template's README, as a newcomer runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, choices

pytestmark = pytest.mark.generated


@pytest.mark.parametrize("framework", choices()["framework"])
def test_the_demo_trains_scores_and_says_where_everything_is(framework: str) -> None:
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
        check=False,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    accuracy = re.search(r"^test accuracy: (0\.\d{4})$", demo.stdout, re.MULTILINE)
    assert accuracy is not None and float(accuracy[1]) >= 0.965
    assert '{"predictions": [' in demo.stdout
    (project,) = (ROOT / "build" / "demo").iterdir()
    for name in ("model", "metrics", "log"):
        place = re.search(rf"^{name}: +(\S+)$", demo.stdout, re.MULTILINE)
        assert place is not None and (project / place[1]).exists()


def test_the_readme_shows_the_line_the_demo_prints() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"^test accuracy: (0\.\d{4})$", text, re.MULTILINE)
    assert shown is not None and 0.965 <= float(shown[1]) <= 0.985
