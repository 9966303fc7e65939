"""CHANGELOG.md: what people who update a project look for."""

import re

from conftest import ROOT

RELEASE = re.compile(r"^## \[(.+?)\].*?$(.*?)(?=^## \[|\Z)", re.DOTALL | re.MULTILINE)


def test_every_release_says_what_to_do_by_hand() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    releases = dict(RELEASE.findall(text))
    assert "Unreleased" in releases
    for name, notes in releases.items():
        by_hand = notes.partition("\n### By hand\n")[2].strip()
        assert by_hand.startswith("- "), f"CHANGELOG.md does not say it of {name}"
