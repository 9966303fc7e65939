"""The template's own linters on a rendered project."""

import subprocess
import sys
from pathlib import Path

LINTERS = (("black", "--check", "."), ("isort", "--check-only", "."), ("flake8",))


def lint(project: Path) -> str:
    """Run the template's own linters on a project, with the project's settings."""
    shown = ""
    for command in LINTERS:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        shown += done.stdout if done.returncode else ""
    return shown
