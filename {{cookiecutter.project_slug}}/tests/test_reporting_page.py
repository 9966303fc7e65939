"""The page: what is in it, and that no data can get out of it."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }}.registry import Manifest
from {{ cookiecutter.package_name }}.reporting import origins, page, sections
from {{ cookiecutter.package_name }}.reporting.blocks import Pictures

from hostile import DRAWING, HOSTILE, Known, hostile_manifest, known


class Tags(HTMLParser):
    """The tags, attributes and texts of a page."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its attributes."""
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.append(data)


def whole_page(rows: Known, manifest: Manifest) -> str:
    """Return a page with every section."""
    measures, details = rows.judged(DRAWING)
    parts = [
        *details,
        sections.mistakes_section(rows, 5),
        sections.slices_section(rows, DRAWING),
        origins.explanations_section(Path("nowhere")),
        sections.learning_section(manifest.history),
        sections.data_section(rows),
        origins.speed_section(rows, Path("nowhere"), manifest),
        origins.environment_section(Path("nowhere"), manifest),
    ]
    return page.render_page(HOSTILE[0], HOSTILE, measures, HOSTILE[1], parts)


def test_data_stay_text_wherever_they_are_shown() -> None:
    text = whole_page(known(), hostile_manifest())
    found = Tags(text)
    assert not found.tags & {"script", "img", "b", "iframe", "object"}
    assert not any(name.startswith("on") for name in found.attributes)
    shown = " ".join(found.texts)
    for name in HOSTILE:
        assert name in shown or name.replace("\n", " ") in shown
    assert "49" not in [each.strip() for each in found.texts]
    assert "default-src 'none'" in text


@pytest.mark.parametrize(
    ("value", "shown"), [(0.01234, "0.0123"), (1.5, "1.5"), (12345.6, "12,346")]
)
def test_durations_have_no_exponent(value: float, shown: str) -> None:
    assert origins.short(value) == shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b*c", "a\\_b\\*c"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("# title\nmore", "\\# title more"),
        ("<b> & [x](y)", "&lt;b&gt; &amp; \\[x\\](y)"),
        ("0.25", "0\\.25"),
    ],
)
def test_markdown_is_text(text: str, expected: str) -> None:
    assert page.markdown(text) == expected


def test_explanations_of_the_test_set_are_shown(tmp_path: Path) -> None:
    for name, data in (("shap", "the test set"), ("lime", "new.csv")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "importance.svg").write_text("<svg></svg>", encoding="utf-8")
        facts = {"method": name, "data": data, "rows": 3, "importance_how": "so"}
        (folder / "explanation.json").write_text(json.dumps(facts), encoding="utf-8")
    section = origins.explanations_section(tmp_path)
    (shown,) = [each for each in section.blocks if isinstance(each, Pictures)]
    (picture,) = shown.pictures
    assert picture.caption == "shap, 3 rows: so"
    assert picture.source.startswith("data:image/svg+xml;base64,")
