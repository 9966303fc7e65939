"""Cookiecutter's options, with answers that cannot be used, odd ones, and own files."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from any_answers import ENTRIES, Place
from conftest import ROOT, BakedProject, files_below
from readback import contents, misread

ODD = {
    "project_name": 'It\'s "odd" {{ 7*7 }}',
    "project_slug": "odd",
    "package_name": "odd",
    "author_name": "$(id) `id` 手",
}
SKIP = {"overwrite_if_exists": True, "skip_if_file_exists": True}
OPTIONS = [
    pytest.param({}, id="none"),
    pytest.param({"accept_hooks": False}, id="no-hooks"),
    pytest.param({"overwrite_if_exists": True}, id="overwrite"),
    pytest.param(SKIP, id="skip-existing"),
    pytest.param({"keep_project_on_failure": True}, id="keep"),
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("entry", ENTRIES)
def test_a_folder_elsewhere_is_refused(
    place: Place, tally: Counter[str], entry: str, options: dict[str, Any]
) -> None:
    mine = place.root / "cwd" / "mine" / "README.md"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine", encoding="utf-8")
    for slug in ("../cwd/mine", str(mine.parent), ".", "..", "x/../../cwd/mine"):
        attempt = place.attempt(entry, {"project_slug": slug}, **options)
        tally["refused"] += 1
        assert attempt.project is None
        assert "\n  project_slug: " in attempt.said
        assert place.left() == ["cwd/mine/README.md"]
    assert mine.read_text(encoding="utf-8") == "mine"
    mine.unlink()


@pytest.mark.parametrize("options", OPTIONS)
def test_odd_answers_are_data_in_a_first_and_in_a_second_render(
    place: Place, tally: Counter[str], options: dict[str, Any]
) -> None:
    for chosen in (options, options | {"overwrite_if_exists": True}):
        attempt = place.attempt("key=value", ODD, **chosen)
        tally["rendered"] += 1
        assert attempt.project, attempt.said
        assert list(misread(attempt.project, place.recorded())) == []


def test_a_template_is_found_by_a_relative_path(
    default_project: BakedProject, tmp_path: Path
) -> None:
    """Cookiecutter renders the hooks in another folder than it was called in."""
    command = [sys.executable, "-m", "cookiecutter", ROOT.name, "--no-input"]
    command += ["--output-dir", str(tmp_path)]
    subprocess.run(command, cwd=ROOT.parent, check=True, timeout=60)
    made = files_below(tmp_path / default_project.path.name)
    assert made == files_below(default_project.path)


def test_a_file_that_is_skipped_stays(place: Place) -> None:
    project = place.attempt("key=value", {}).project
    assert project
    names = [name.removeprefix(f"out/{project.name}/") for name in place.left()]
    (project / "README.md").write_text("mine\n", encoding="utf-8")
    (project / "LICENSE").unlink()
    again = place.attempt("key=value", {}, **SKIP)
    assert again.project, again.said
    kept = {"README.md": b"mine\n"}
    assert contents(project, names) == place.defaults | kept


def test_a_users_file_beside_those_of_another_choice_stays(place: Place) -> None:
    project = place.attempt("key=value", {}).project
    assert project
    mine = project / ".github" / "workflows" / "mine.yml"
    mine.write_text("mine\n", encoding="utf-8")
    answers = {"ci_provider": "none", "extras": "none"}
    again = place.attempt("key=value", answers, overwrite_if_exists=True)
    assert again.project, again.said
    assert [path.name for path in mine.parent.iterdir()] == ["mine.yml"]
    assert not list(project.glob("src/*/serving"))
