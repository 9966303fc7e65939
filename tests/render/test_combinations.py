"""Every pair of choices renders, and every render is clean and names only what it has.

One test for each row of the pairwise list and each claim. The list, and how many pairs
it covers, stand below the results of every run (see `combinations.py`).
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from combinations import (
    RENDERED,
    asked,
    coverage,
    every_pair,
    fingerprint,
    pairs_in,
    pairwise,
    recorded_answers,
)
from conftest import ROOT, BakedProject, bake_into, choices
from linting import lint
from references import dead_references
from tidiness import blank_line_debris, leftover_jinja, syntax_errors

# What decides their verdict; flake8 is the last three.
PIN = re.compile(r"(?m)^(black|isort|flake8|pycodestyle|pyflakes|mccabe)==(\S+)")
FRAMEWORKS = choices()["framework"]
LENGTHS = [(2, FRAMEWORKS[0]), *((40, framework) for framework in FRAMEWORKS)]


@pytest.fixture
def project(combination: str, combinations: dict[str, BakedProject]) -> BakedProject:
    """Return the render of one row; refuse it when it failed."""
    baked = combinations[combination]
    assert baked.exit_code == 0, baked.stderr
    return baked


def test_every_pair_of_choices_is_rendered(
    combinations: dict[str, BakedProject],
    record_property: Callable[[str, object], None],
) -> None:
    rendered = [recorded_answers(project) for project in combinations.values()]
    record_property(RENDERED, coverage(rendered, asked()))
    assert rendered == pairwise(asked())
    assert pairs_in(rendered, asked()) == every_pair(asked())


@pytest.mark.parametrize(
    "check",
    [syntax_errors, leftover_jinja, blank_line_debris],
    ids=lambda f: f.__name__,
)
def test_no_file_has(
    check: Callable[[str, str], Iterator[str]], project: BakedProject
) -> None:
    found = [
        found for name in project.files() for found in check(name, project.read(name))
    ]
    assert found == []


def test_nothing_is_named_that_is_not_there(
    project: BakedProject, combinations: dict[str, BakedProject]
) -> None:
    every_file = {name for other in combinations.values() for name in other.files()}
    assert dead_references(project.path, elsewhere=every_file) == []


@pytest.fixture(scope="session")
def linted() -> dict[str, str]:
    """Return what the linters said of each distinct source tree, by its fingerprint."""
    return {}


def test_the_linters_have_nothing_to_say(
    project: BakedProject, linted: dict[str, str]
) -> None:
    """Trees that are the same to the last byte, settings included, are linted once."""
    tree = fingerprint(project)
    if tree not in linted:
        linted[tree] = lint(project.path)
    assert linted[tree] == ""


def test_each_linter_finds_what_is_planted(bake: Callable[..., BakedProject]) -> None:
    project = bake()
    planted = project.path / "src" / "planted.py"
    planted.write_text("import sys\nimport os\nx = 'a'\n", encoding="utf-8")
    shown = lint(project.path)
    for verdict in ("would reformat", "incorrectly sorted", "F401"):
        assert verdict in shown


@pytest.mark.parametrize(("length", "framework"), LENGTHS)
def test_it_is_clean_whatever_the_length_of_its_name(
    length: int, framework: str, tmp_path: Path
) -> None:
    name = "q" * length
    project = bake_into(
        tmp_path, framework=framework, package_name=name, project_slug=name
    )
    assert project.exit_code == 0, project.stderr
    assert lint(project.path) == ""
    for file in project.files():
        assert list(syntax_errors(file, project.read(file))) == []
    assert dead_references(project.path) == []


def test_the_linters_are_those_of_the_projects(
    combinations: dict[str, BakedProject],
) -> None:
    """Otherwise their verdict here would not be the one that its user sees."""
    ours = PIN.findall((ROOT / "requirements/dev.txt").read_text(encoding="utf-8"))
    assert len(ours) == 6
    for project in combinations.values():
        assert PIN.findall(project.read("requirements/tools.txt")) == ours
