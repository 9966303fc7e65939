"""What every layer of tests shares: `bake`, the questions, and REQUIRE_ALL.

`bake` runs the real cookiecutter command in a process of its own, with a home folder of
its own, so that neither the user's configuration nor an earlier answer has a say.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # local_extensions and answers, as cookiecutter does

# Fixtures for renders of every pair of choices, for renders that are installed, and for
# what is seen in a browser.
pytest_plugins = [
    "any_answers",
    "browsers",
    "combinations",
    "environments",
    "updating",
]

# The folder that holds the template of the project.
PROJECT = "{{cookiecutter.project_slug}}"
# Where cookiecutter records the answers, below the home folder.
REPLAY_RECORD = f".cookiecutter_replay/{ROOT.name}.json"
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"

# A slow machine is not a failure, and the same commit gives the same result.
settings.register_profile("template", deadline=None, database=None, derandomize=True)
settings.load_profile("template")


@dataclass(frozen=True)
class BakedProject:
    """A run of cookiecutter: what it said, and the project when there is one."""

    path: Path  # the project; does not exist when the answers were refused
    exit_code: int
    stdout: str
    stderr: str

    def has_file(self, name: str) -> bool:
        """Whether the project holds this file (a path with slashes)."""
        return (self.path / name).is_file()

    def read(self, name: str) -> str:
        """Return the text of one of the project's files."""
        return (self.path / name).read_text(encoding="utf-8")

    def files(self) -> list[str]:
        """List every file, as sorted paths with slashes, relative to the project."""
        return files_below(self.path)

    def run(
        self, *command: str, check: bool = True, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the project's folder and capture its output."""
        done = subprocess.run(
            command,
            cwd=self.path,
            capture_output=True,
            encoding="utf-8",
            **options,
        )
        if check and done.returncode:
            pytest.fail(
                f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done


def files_below(folder: Path) -> list[str]:
    """List every file below a folder, as sorted relative paths with slashes."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.is_dir()
    )


def questions() -> dict[str, Any]:
    """Read cookiecutter.json."""
    text = (ROOT / "cookiecutter.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def choices() -> dict[str, list[str]]:
    """Return the allowed values of every choice question, the default first."""
    allowed: dict[str, list[str]] = questions()["_choices"]
    return allowed


def isolated_environment(home: Path) -> dict[str, str]:
    """Return this process' environment with a home folder of its own and UTF-8."""
    environment = {k: v for k, v in os.environ.items() if k != "COOKIECUTTER_CONFIG"}
    return environment | {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PYTHONUTF8": "1",
    }


def bake_into(
    folder: Path,
    *options: str,
    replay_file: Path | None = None,
    config_file: Path | None = None,
    **answers: str,
) -> BakedProject:
    """Run cookiecutter on this template.

    Args:
        folder: gets `out/` (the projects) and `home/` (the replay record).
        *options: more options of the cookiecutter command.
        replay_file: replay these answers; then neither options nor answers are sent.
        config_file: the user configuration to read; none by default.
        **answers: what to answer instead of the defaults.

    Returns:
        The outcome. Its path is the only project in `out/`, or `out/` itself.
    """
    command = [sys.executable, "-m", "cookiecutter", str(ROOT)]
    command += ["--output-dir", str(folder / "out"), *options]
    if config_file:
        command += ["--config-file", str(config_file)]
    else:
        command += ["--default-config"]
    if replay_file:
        command += ["--replay-file", str(replay_file)]
    else:
        command += ["--no-input", *(f"{key}={text}" for key, text in answers.items())]
    done = subprocess.run(
        command,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=isolated_environment(folder / "home"),
    )
    projects = list((folder / "out").glob("*"))
    path = projects[0] if len(projects) == 1 else folder / "out"
    return BakedProject(path, done.returncode, done.stdout, done.stderr)


@pytest.fixture
def bake(tmp_path: Path) -> Callable[..., BakedProject]:
    """Return `bake(*options, **answers)`, which makes each project in a new folder."""

    def run(*options: str, **answers: Any) -> BakedProject:
        folder = tmp_path / f"bake-{len(list(tmp_path.glob('bake-*')))}"
        folder.mkdir()
        return bake_into(folder, *options, **answers)

    return run


@pytest.fixture(scope="session")
def default_project(tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """Return the project that the defaults give. Tests must not change it."""
    project = bake_into(tmp_path_factory.mktemp("default"))
    assert project.exit_code == 0, project.stderr
    return project


@pytest.fixture(scope="session")
def chosen_project(
    tmp_path_factory: pytest.TempPathFactory, default_project: BakedProject
) -> Callable[[str, str], BakedProject]:
    """Return `chosen_project(key, choice)`: the defaults but for one choice.

    Each is rendered once. Tests must not change it.
    """
    made = {(key, allowed[0]): default_project for key, allowed in choices().items()}

    def get(key: str, choice: str) -> BakedProject:
        if (key, choice) not in made:
            folder = tmp_path_factory.mktemp("chosen")
            answer: dict[str, Any] = {key: choice}
            made[key, choice] = bake_into(folder, **answer)
        return made[key, choice]

    return get


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    """With REQUIRE_ALL=1, a skipped test fails and says why it was skipped."""
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, Any, Any]:
    """The same for a file that skips itself while it is imported."""
    return _refuse_skip((yield))


def _refuse_skip(report: Any) -> Any:
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        details = report.longrepr
        reason = details[2] if isinstance(details, tuple) else str(details)
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1, but this was skipped. {reason}"
    return report
