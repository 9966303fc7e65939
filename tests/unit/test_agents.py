"""AGENTS.md, of the template and of projects: short, and true.

What a project's file names is looked up in every render, as all its files are.
"""

import re

from conftest import PROJECT, ROOT

TEXT = (ROOT / "AGENTS.md").read_text(encoding="utf-8")


def test_both_are_short() -> None:
    project = (ROOT / PROJECT / "AGENTS.md").read_text(encoding="utf-8")
    assert len(TEXT.splitlines()) <= 80
    assert len(project.splitlines()) <= 80


def test_the_readme_is_short_and_begins_with_a_command() -> None:
    """`make demo`, which tests/generated runs."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 120
    assert lines.index("make demo") < 10


def test_its_commands_are_targets_of_the_makefile() -> None:
    named = set(re.findall(r"\bmake (\w+)", TEXT))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert len(named) >= 7
    assert named <= set(re.findall(r"(?m)^(\w+):.*##", makefile))


def test_its_paths_are_there() -> None:
    paths = re.findall(r"`([\w.{}/]+(?:/|\.\w+))`", TEXT)
    assert len(paths) > 12
    assert [name for name in paths if not (ROOT / name).exists()] == []
