"""A name that leads nowhere is found in every kind of file; one that leads is not."""

import shutil
from pathlib import Path

import pytest

from conftest import BakedProject
from references import dead_references

PLANTED = {
    "a script": ("README.md", "Run `bash scripts/gone.sh`.", "scripts/gone.sh"),
    "a module": ("README.md", "    gone.py    why", "gone.py"),
    "a folder": ("README.md", "gone/    why", "gone/"),
    "a Windows path": ("README.md", ". scripts\\gone.ps1", "scripts/gone.ps1"),
    "a requirements file": (
        "Makefile",
        "x: requirements/gone.txt",
        "requirements/gone.txt",
    ),
    "a pattern": ("Makefile", "# scripts/gone*.sh", "scripts/gone*.sh"),
    "a path in code": (
        "src/handwritten_digits/main.py",
        'GONE = "configs/gone.yaml"',
        "configs/gone.yaml",
    ),
    "a file in a comment": (
        "src/handwritten_digits/main.py",
        "# see gone.py",
        "gone.py",
    ),
    "a file in a test's docstring": (
        "tests/test_main.py",
        'def f() -> None:\n    """As configs/gone.yaml says."""',
        "configs/gone.yaml",
    ),
    "what an image copies": ("Dockerfile", "COPY src gone ./", "gone"),
    "what is sent to the builder": (".dockerignore", "!gone", "gone"),
}
TASKS = {
    "a target of make": ("README.md", "`make gone`", "make gone"),
    "one of two targets": ("README.md", "```bash\nmake test gone\n```", "make gone"),
    "a target in CI": (
        ".github/workflows/ci.yml",
        "      - run: make gone",
        "make gone",
    ),
    "a task of poe": ("README.md", "```bash\npoe gone\n```", "poe gone"),
}
GROUPS = {
    "a group to install": ("README.md", "`pip install --group gone`", "gone"),
    "a group of Poetry's": ("README.md", "`poetry install --only main,gone`", "gone"),
    "a group in the list": ("README.md", "\nThe dependency groups `gone`\n", "gone"),
}
OTHERS = {
    "a command": ("README.md", "`handwritten-digits gone`", "handwritten-digits gone"),
    "an option": ("README.md", "`handwritten-digits train --gone 1`", "--gone"),
    "an option alone": ("README.md", "`--gone 1` does", "--gone"),
    "an option of a task": ("README.md", "poe train --gone 1", "--gone"),
    "an environment variable": (
        ".env.example",
        "#HANDWRITTEN_DIGITS_GONE=1",
        "HANDWRITTEN_DIGITS_GONE",
    ),
    "a module by its full name": (
        "pyproject.toml",
        "# handwritten_digits.gone",
        "handwritten_digits.gone",
    ),
    "an imported module": (
        "src/handwritten_digits/main.py",
        "from .gone import x",
        "imports the module gone",
    ),
    "an imported module of the package": (
        "tests/test_main.py",
        "from handwritten_digits import gone",
        "imports the module gone",
    ),
}


@pytest.fixture
def project(default_project: BakedProject, tmp_path: Path) -> Path:
    """Return a copy of the default project, to plant names in."""
    copy = tmp_path / default_project.path.name
    shutil.copytree(default_project.path, copy)
    return copy


def append(file: Path, line: str) -> None:
    """Add a line to the end of a file."""
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}\n{line}\n", encoding="utf-8")


def test_nothing_is_dead_in_the_default_project(project: Path) -> None:
    assert dead_references(project) == []


@pytest.mark.parametrize(
    ("file", "line", "name"),
    [*PLANTED.values(), *TASKS.values(), *GROUPS.values(), *OTHERS.values()],
    ids=[*PLANTED, *TASKS, *GROUPS, *OTHERS],
)
def test_a_dead_reference_is_found(
    project: Path, file: str, line: str, name: str
) -> None:
    append(project / file, line)
    (problem,) = dead_references(project)
    assert problem.startswith(f"{file}: ") and name in problem


def test_an_option_of_the_editors_debugger_is_found(project: Path) -> None:
    file = project / ".vscode" / "launch.json"
    text = file.read_text(encoding="utf-8")
    planted = text.replace('["train"]', '["train", "--gone"]')
    file.write_text(planted, encoding="utf-8")
    assert dead_references(project) == [".vscode/launch.json: --gone is not an option"]


@pytest.mark.parametrize("removed", ["Dockerfile", ".dockerignore", ".env.example"])
def test_a_file_that_another_choice_has_is_known_by_its_name(
    project: Path, removed: str
) -> None:
    (project / removed).unlink()
    before = dead_references(project, elsewhere=[removed])
    append(project / "Makefile", f"# as {removed} says")
    added = set(dead_references(project, elsewhere=[removed])) - set(before)
    assert added == {f"Makefile: {removed} is not there"}


def test_without_a_dockerfile_there_is_no_image_to_run(project: Path) -> None:
    (project / "Dockerfile").unlink()
    append(project / "CHANGELOG.md", "docker run it")
    assert (
        "CHANGELOG.md: docker builds or runs an image, but there is no Dockerfile"
        in dead_references(project, elsewhere=["Dockerfile"])
    )


@pytest.mark.parametrize(
    "line",
    [
        "models/model/1 and logs/x.jsonl and `.venv/bin/python`",
        "https://example.com/gone.md and you@example.com/gone.py",
        "`requirements/<group>.txt`, `requirements/*.txt`, and/or",
        "make sure, to poe about: docker",
        "`poetry install --only main`",
        "`pip install --require-hashes -r requirements/dev.txt`",
    ],
)
def test_what_leads_somewhere_is_left_alone(project: Path, line: str) -> None:
    append(project / "README.md", line)
    assert dead_references(project) == []
