"""Renders with an environment of their own: one for each set of answers, made once.

A plugin of these tests: the fixture `installed` renders a framework, sets the project
up as its README says, and gives the same project to every test that asks for it.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import pytest

from conftest import ROOT, bake_into

# The Python that runs these tests: it is there, and a CI job tests the one it names.
PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
# What a make and a pytest that run these tests would tell those of a project.
MISLEADING = {
    "ARGS",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
    "PYTEST_ADDOPTS",
    "VIRTUAL_ENV",
}
IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@example.com")


def own_environment() -> dict[str, str]:
    """Return the variables for what runs in a project, without what misleads it."""
    return {k: v for k, v in os.environ.items() if k not in MISLEADING}


class InstalledProject:
    """A render, a git repository, with its environment in .venv."""

    def __init__(self, path: Path) -> None:
        """Take a rendered project; `set_up` installs it."""
        self.path = path

    def run(self, *command: str, status: int = 0, folder: Path | None = None) -> str:
        """Run a command of the project's environment.

        Args:
            *command: the program and its arguments.
            status: the exit status to insist on.
            folder: where to run it; the project itself by default.

        Returns:
            What it printed, both streams together.
        """
        environment = own_environment()
        environment["PATH"] = os.pathsep.join(
            [str(self.path / ".venv/bin"), environment["PATH"]]
        )
        finished = subprocess.run(
            command,
            cwd=folder or self.path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert finished.returncode == status, finished.stdout
        return finished.stdout

    def changes(self) -> str:
        """Return what differs from the commit, as git says it; "" if nothing does."""
        return self.run("git", "status", "--porcelain")


def set_up(path: Path) -> InstalledProject:
    """Commit a render to a new git repository and install it."""
    wheels = [sys.executable, str(ROOT / "tools" / "local_wheels.py"), str(path)]
    subprocess.run(wheels, check=True)
    project = InstalledProject(path)
    project.run("git", "init", "-q")
    project.run("git", "add", "--all")
    project.run("git", *IDENTITY, "commit", "-qm", "Render")
    project.run("make", "setup")
    return project


class Installed(Protocol):
    """What the fixture `installed` is: a project that is rendered and set up."""

    def __call__(self, framework: str, **answers: str) -> InstalledProject: ...


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Return `installed(framework)`: that, all extras, the defaults, or other answers.

    Each is made once. Tests may write what git ignores, and nothing else.
    """
    made: dict[str, InstalledProject] = {}

    def get(framework: str, **answers: str) -> InstalledProject:
        name = "-".join([framework, *answers.values()])
        if name not in made:
            given: dict[str, Any] = {"framework": framework, "extras": "all"} | answers
            folder = tmp_path_factory.mktemp(name)
            baked = bake_into(folder, python_version=PYTHON_VERSION, **given)
            assert baked.exit_code == 0, baked.stderr
            made[name] = set_up(baked.path)
        return made[name]

    return get
