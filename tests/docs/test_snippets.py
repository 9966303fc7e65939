"""Each snippet of a page runs, and prints what the page says."""

import sys
from pathlib import Path

import pytest

from conftest import ROOT, choices
from docs.pages import DOCS, HEADS
from docs.snippets import run, snippets
from environments import Installed, own_environment

ENVIRONMENTS = {page: head.get("environment") for page, head in HEADS.items()}
# MLflow takes longer than a small training, and no page shows its runs.
WITHOUT_TRACKING = {
    "HANDWRITTEN_DIGITS_TRACKING": "false",
    "TUMOUR_DIAGNOSIS_TRACKING": "false",
}
RUNNING = [
    # The template's own environment is there; a project's is installed.
    pytest.param(page, marks=[pytest.mark.generated] if name != "template" else [])
    for page, name in ENVIRONMENTS.items()
    if name is not None
]


def test_environments_are_those_that_there_are() -> None:
    known = {None, "template", *choices()["framework"]}
    assert set(ENVIRONMENTS.values()) <= known


@pytest.mark.parametrize("page", RUNNING)
def test_the_snippets_of_a_page_run(
    page: str, installed: Installed, tmp_path: Path
) -> None:
    name, file = HEADS[page]["environment"], DOCS / page
    assert snippets(file)
    if name == "template":
        assert run(file, Path(sys.executable), tmp_path, own_environment()) == ""
        return
    project = installed(name)
    python = project.path / ".venv" / "bin" / "python"
    if not HEADS[page].get("project"):
        assert run(file, python, tmp_path, own_environment()) == ""
        return
    # As it was rendered and installed, before the page and after it.
    fresh = "git checkout -q . && git clean -qfdx --exclude .venv"
    project.run("bash", "-c", fresh)
    problem = run(file, python, project.path, own_environment() | WITHOUT_TRACKING)
    project.run("bash", "-c", fresh)
    assert problem == ""


@pytest.mark.parametrize("page", [name for name in HEADS if not ENVIRONMENTS[name]])
def test_other_snippets_are_run_by_a_test_that_the_page_names(page: str) -> None:
    if "tested_by" in HEADS[page]:
        test = (ROOT / HEADS[page]["tested_by"]).read_text(encoding="utf-8")
        assert page in test
    else:
        assert snippets(DOCS / page) == []
