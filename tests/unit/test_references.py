"""A name that leads nowhere is found in every kind of file."""

import shutil
from pathlib import Path

import pytest

from conftest import BakedProject
from references import dead_references

PLANTED = {
    "a script": ("README.md", "Run `bash scripts/gone.sh`.", "scripts/gone.sh"),
    "a module": ("README.md", "    gone.py    why", "gone.py"),
    "a folder": ("README.md", "gone/    why", "gone/"),
    "a pattern": ("Makefile", "# scripts/gone*.sh", "scripts/gone*.sh"),
    "a path in code": (
        "src/handwritten_digits/main.py",
        'GONE = "configs/gone.yaml"',
        "configs/gone.yaml",
    ),
    "what an image copies": ("Dockerfile", "COPY src gone ./", "gone"),
    "one of two targets": ("README.md", "```bash\nmake test gone\n```", "make gone"),
    "a task of poe": ("README.md", "```bash\npoe gone\n```", "poe gone"),
    "a group": ("README.md", "`poetry install --only main,gone`", "gone"),
    "a command": ("README.md", "`handwritten-digits gone`", "handwritten-digits gone"),
    "an option": ("README.md", "`handwritten-digits train --gone 1`", "--gone"),
    "an environment variable": (
        ".env.example",
        "#HANDWRITTEN_DIGITS_GONE=1",
        "HANDWRITTEN_DIGITS_GONE",
    ),
    "an imported module": (
        "src/handwritten_digits/main.py",
        "from .gone import x",
        "imports the module gone",
    ),
    "a command's module": (
        "src/handwritten_digits/main.py",
        'COMMANDS = {"go": ("gone:x",)}',
        "go is in gone.py",
    ),
}


@pytest.fixture(scope="module")
def before(default_project: BakedProject) -> set[str]:
    """Return what is found before anything is planted; nothing, one hopes."""
    return set(dead_references(default_project.path))


@pytest.mark.parametrize(("file", "line", "name"), PLANTED.values(), ids=PLANTED)
def test_a_dead_reference_is_found(
    default_project: BakedProject,
    before: set[str],
    tmp_path: Path,
    file: str,
    line: str,
    name: str,
) -> None:
    project = tmp_path / default_project.path.name
    shutil.copytree(default_project.path, project)
    text = (project / file).read_text(encoding="utf-8")
    (project / file).write_text(f"{text}\n{line}\n", encoding="utf-8")
    found = set(dead_references(project)) - before
    assert any(name in problem for problem in found)


def test_a_file_that_another_choice_has_is_known_by_its_name(
    default_project: BakedProject, tmp_path: Path
) -> None:
    project = tmp_path / default_project.path.name
    shutil.copytree(default_project.path, project)
    (project / "Dockerfile").unlink()
    with (project / "Makefile").open("a", encoding="utf-8") as file:
        file.write("# as the Dockerfile says: docker run it\n")
    found = dead_references(project, elsewhere=["Dockerfile"])
    assert "Makefile: Dockerfile is not there" in found
    unbuilt = "docker builds or runs an image, but there is no Dockerfile"
    assert f"Makefile: {unbuilt}" in found
