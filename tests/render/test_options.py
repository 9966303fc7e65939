"""Every option of cookiecutter's, with answers that cannot be used and odd ones."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from any_answers import ENTRIES, Place
from readback import contents, misread

ODD = {
    "project_name": 'It\'s "odd" {{ 7*7 }}',
    "project_slug": "odd",
    "package_name": "odd",
    "author_name": "$(id) `id` 手",
}
OPTIONS = [
    pytest.param({}, id="none"),
    pytest.param({"accept_hooks": False}, id="no-hooks"),
    pytest.param({"overwrite_if_exists": True}, id="overwrite"),
    pytest.param(
        {"overwrite_if_exists": True, "skip_if_file_exists": True}, id="skip-existing"
    ),
    pytest.param({"keep_project_on_failure": True}, id="keep"),
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("entry", ENTRIES)
def test_a_folder_elsewhere_is_refused(
    place: Place, tally: Counter[str], entry: str, options: dict[str, Any]
) -> None:
    victim = place.root / "home" / "mine"
    victim.mkdir(exist_ok=True)
    (victim / "README.md").write_text("mine", encoding="utf-8")
    for slug in ("../home/mine", str(victim), ".", "..", "mine/../../home/mine"):
        attempt = place.attempt(entry, {"project_slug": slug}, **options)
        tally["refused"] += 1
        assert attempt.project is None
        assert "\n  project_slug: " in attempt.said
        assert place.left() == ["home/mine/README.md"]
    assert (victim / "README.md").read_text(encoding="utf-8") == "mine"
    (victim / "README.md").unlink()


@pytest.mark.parametrize("options", OPTIONS)
def test_odd_answers_are_data_the_first_and_the_second_time(
    place: Place, tally: Counter[str], options: dict[str, Any]
) -> None:
    again = options | {"overwrite_if_exists": True}
    for chosen in (options, again):
        attempt = place.attempt("key=value", ODD, accept_hooks=True, **chosen) if (
            "accept_hooks" not in chosen
        ) else place.attempt("key=value", ODD, **chosen)
        tally["rendered"] += 1
        assert attempt.project, attempt.said
        assert list(misread(attempt.project, place.recorded())) == []
        (place.root / "home" / "replay").exists()
