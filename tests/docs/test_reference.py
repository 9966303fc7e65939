"""The reference is what the projects are; UPDATE_GOLDEN=1 writes it anew."""

import os
from typing import Any

import pytest

from conftest import bake_into, choices
from docs.pages import DOCS
from docs.reference import described, pages


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A project of each framework, with all extras."""
    return {
        name: bake_into(tmp_path_factory.mktemp(name), framework=name, extras="all")
        for name in choices()["framework"]
    }


def test_the_reference_is_up_to_date(projects: dict[str, Any]) -> None:
    for name, text in pages(projects).items():
        file = DOCS / "reference" / name
        if os.environ.get("UPDATE_GOLDEN"):
            file.write_text(text, encoding="utf-8", newline="\n")
        assert file.read_text(encoding="utf-8") == text, name


def test_each_generated_file_has_a_sentence(projects: dict[str, Any]) -> None:
    missing = {
        name
        for project in projects.values()
        for name in project.files()
        if not described(project, name)
    }
    assert missing == set()
