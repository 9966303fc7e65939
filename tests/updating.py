"""A template with a history, and projects that are made and updated from it by cruft.

The history has two commits: this template as it is, and a release after it, which
changes what releases change. Both commits are in a repository of their own.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import PROJECT, ROOT, isolated_environment

# What a render reads, as patterns below the template.
RENDERED_FROM = "*.py", "answers", "hooks", "cookiecutter.json", "pyproject.toml"
IDENTITY = {
    f"GIT_{role}_{part}": text
    for role in ("AUTHOR", "COMMITTER")
    for part, text in (("NAME", "A"), ("EMAIL", "a@example.com"))
}
PACKAGE = PROJECT + "/src/{{cookiecutter.package_name}}"
NEXT_VERSION = "9.8.7"
# What the release changes in the first line of utils.py, of which there are two: it
# adds a letter, so that the line stays within its limit.
UTILS = "templates/images/src/utils.py", "templates/tabular/src/utils.py"
RELEASED = '"""', 'r"""'
REMOVED = ".gitattributes"


@dataclass(frozen=True)
class Repository:
    """A folder with a git repository."""

    path: Path
    home: Path  # of whoever works here

    def run(self, *command: str, status: int = 0, typed: str = "") -> str:
        """Run a command here.

        Args:
            *command: the program and its arguments.
            status: the exit status to insist on.
            typed: what is typed while it runs.

        Returns:
            What it printed, both streams together.
        """
        environment = isolated_environment(self.home)
        environment |= {"GIT_CONFIG_NOSYSTEM": "1", "COLUMNS": "200", **IDENTITY}
        done = subprocess.run(
            command,
            cwd=self.path,
            env=environment,
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def git(self, *arguments: str) -> str:
        """Run git."""
        return self.run("git", *arguments)

    def cruft(self, *arguments: str, status: int = 0) -> str:
        """Run cruft."""
        return self.run(sys.executable, "-m", "cruft", *arguments, status=status)

    def answer(self, commands: str) -> str:
        """Run commands of a shell, and press Enter at whatever they ask."""
        programs = Path(sys.executable).parent
        script = f'set -e; PATH="{programs}:$PATH"; {commands}'
        return self.run("bash", "-c", script, typed=20 * "\n")

    def commit(self, message: str) -> str:
        """Commit everything, to a new repository if need be; return the commit."""
        if not (self.path / ".git").exists():
            self.git("init", "--quiet", "--initial-branch", "main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD").strip()

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.path / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        (self.path / name).write_text(text, encoding="utf-8", newline="\n")

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace a text that a file has exactly once."""
        text = self.read(name)
        assert text.count(old) == 1, f"{name} has {old!r} {text.count(old)} times"
        self.write(name, text.replace(old, new))

    def status(self) -> dict[str, str]:
        """Return git's two letters for each file that differs from the commit."""
        lines = self.git("status", "--porcelain", "--untracked-files=all").splitlines()
        return {line[3:]: line[:2] for line in lines}


@dataclass(frozen=True)
class History:
    """The template's repository and its two commits; the newer one is checked out."""

    template: Repository
    older: str
    newer: str

    def create(
        self, folder: Path, answers: Mapping[str, str], commit: str | None = None
    ) -> Repository:
        """Make a project with `cruft create`; it is no git repository yet.

        Args:
            folder: where to make the project's folder.
            answers: those that are not the defaults.
            commit: of the template; the older one if not given.
        """
        cruft = Repository(folder, self.template.home)
        cruft.cruft(
            *["create", str(self.template.path), "--no-input", "--default-config"],
            *["--checkout", commit or self.older],
            *["--extra-context", json.dumps(answers)],
        )
        (cruft_file,) = folder.glob("*/.cruft.json")
        return Repository(cruft_file.parent, self.template.home)


def make_history(folder: Path) -> History:
    """Make the template's repository below a folder."""
    template = Repository(folder / "template", folder / "home")
    for pattern in (*RENDERED_FROM, "templates", PROJECT):
        for source in ROOT.glob(pattern):
            target = template.path / source.name
            target.parent.mkdir(exist_ok=True)
            if source.is_dir():
                shutil.copytree(
                    source, target, ignore=shutil.ignore_patterns("__pycache__")
                )
            else:
                shutil.copy(source, target)
    older = template.commit("This template")
    release(template)
    return History(template, older, template.commit("The release after it"))


def release(template: Repository) -> None:
    """Change what releases change: code, files, questions, filters, hooks, settings."""
    version = template.read("pyproject.toml").partition('\nversion = "')[2]
    version = version.partition('"')[0]
    template.replace(
        "pyproject.toml", f'version = "{version}"', f'version = "{NEXT_VERSION}"'
    )
    for name in UTILS:
        template.write(name, template.read(name).replace(*RELEASED, 1))
    template.write(
        f"{PACKAGE}/novel.py",
        '"""Says who made the project: {{ cookiecutter.project_slug | shout }}."""\n',
    )
    template.git("rm", "--quiet", f"{PROJECT}/{REMOVED}")
    template.replace(
        "cookiecutter.json",
        '  "deploy_target": "kubernetes",\n',
        '  "deploy_target": "kubernetes",\n  "team": "nobody",\n',
    )
    template.write(
        f"{PROJECT}/pyproject.toml",
        template.read(f"{PROJECT}/pyproject.toml")
        + '\n[tool.poe.tasks.hello]\nhelp = "Greet {{ cookiecutter.team }}"\n'
        'cmd = "python --version"\n',
    )
    template.replace(
        "answers/filters.py",
        "def spdx(",
        'def shout(text: str) -> str:\n    """Return capitals."""\n'
        "    return text.upper()\n\n\ndef spdx(",
    )
    template.replace("answers/filters.py", "    slug,\n", "    shout,\n    slug,\n")
    template.replace(
        "hooks/post_gen_project.py",
        "    if IS_NEW:\n",
        '    print("The newer hook ran")\n    if IS_NEW:\n',
    )


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Return the template's history. Tests may add commits on branches of their own."""
    return make_history(tmp_path_factory.mktemp("history"))
