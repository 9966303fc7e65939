"""The model card: whose words are in it, and that no data can get out of it."""

from pathlib import Path

import pytest
import yaml

from {{ cookiecutter.package_name }}.reporting import card

from hostile import DRAWING, HOSTILE, hostile_manifest, known


def card_of(text: card.CardText) -> str:
    """Return the card of the rows with hostile names."""
    rows = known()
    measures, _ = rows.judged(DRAWING)
    folder = Path("models/model/1")
    manifest = hostile_manifest()
    return card.render_card(text, manifest, folder, rows.scored, measures, DRAWING)


def test_a_card_with_hostile_data_has_neither_tags_nor_more_cells() -> None:
    text = card_of(card.CardText(description=HOSTILE[0]))
    _, header, body = text.split("---\n", 2)
    assert yaml.safe_load(header)["datasets"] == [HOSTILE[0]]
    assert "<" not in body.replace("&lt;", "")
    for line in body.splitlines():
        if line.startswith("|"):
            cells = line.replace("\\|", "")
            assert cells.count("|") in (3, 4), line


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("Apache-2.0", {"license": "apache-2.0"}),
        (
            "LicenseRef-Proprietary",
            {"license": "other", "license_name": "licenseref-proprietary"},
        ),
        (None, {"license": "other", "license_name": "not-stated"}),
    ],
)
def test_the_licence_is_that_of_the_project(
    stated: str | None, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"License-Expression": stated} if stated else {}
    monkeypatch.setattr("importlib.metadata.metadata", lambda name: found)
    assert card.project_license() == expected


def test_a_card_holds_what_people_wrote(tmp_path: Path) -> None:
    wrote = {
        "license": "cc-by-4.0",
        "intended_use": "# Sorting *letters* <b>",
        "contact": "a_b@example.com",
        "ethics": None,
    }
    path = tmp_path / "card.yaml"
    path.write_text(yaml.safe_dump(wrote), encoding="utf-8")
    text = card_of(card.read_card(path))
    assert "\n\\# Sorting \\*letters\\* &lt;b&gt;\n" in text
    assert "a\\_b@example.com" in text
    assert "## Ethical considerations\n\n*not stated*\n" in text
    assert "license: cc-by-4.0\n" in text and "license_name" not in text
