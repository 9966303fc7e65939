"""The page and the card: what is in them, and that no data can get out of them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import yaml

from {{ cookiecutter.package_name }}.registry import Manifest
from {{ cookiecutter.package_name }}.reporting import (
    blocks,
    card,
    charts,
    class_scores,
    classes,
    intervals,
    origins,
    page,
    sections,
)
from {{ cookiecutter.package_name }}.reporting.scored import Group, Scored

from samples import INPUTS

DRAWING = intervals.Drawing(samples=100, confidence=0.95, seed=1)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></svg>]]>--><b>",
    "_$\\frac{a}{$",
    "{" + "{ 7 * 7 }" + "}",  # to Jinja, 49
    "new\nline | cell",
)


@dataclass(frozen=True)
class Known:
    """Rows without a model, as the sections take them."""

    scored: Scored
    training: intervals.IntArray

    def judged(
        self, drawing: intervals.Drawing
    ) -> tuple[list[intervals.Measure], list[blocks.Section]]:
        """Return the scores and their sections."""
        measures = class_scores.class_measures(self.scored, drawing)
        return measures, classes.class_sections(self.scored)

    def facts(self) -> Sequence[tuple[str, object]]:
        """Return a fact with a hostile value."""
        return [("data set", HOSTILE[0])]

    def overview(self) -> Sequence[blocks.Block]:
        """Return a table whose header is hostile."""
        return [blocks.Table(HOSTILE[1], HOSTILE, [HOSTILE])]

    def groups(self) -> Iterator[Group]:
        """Yield one group for every hostile name, and one that is too small."""
        for name in HOSTILE:
            yield Group(name, self.scored.labels > 0)
        yield Group("too small", np.arange(len(self.scored.truth)) < 2)

    def shown(
        self, chosen: intervals.IntArray, captions: Sequence[str]
    ) -> blocks.Block:
        """Return the captions."""
        return blocks.Table("mistakes", ("what",), [(caption,) for caption in captions])

    def predict(self, count: int) -> object:
        """Return something, soon."""
        return count

    def feeds(self, count: int) -> dict[str, intervals.IntArray]:
        """Return nothing to predict from: there is no exported model."""
        return {}


def known(count: int = 6, right: bool = False) -> Known:
    """Return rows of classes with hostile names; about half of them are mistaken."""
    random = np.random.default_rng(0)
    names = HOSTILE if count == len(HOSTILE) else tuple(map(str, range(count)))
    truth = np.arange(30 * count) % count
    outputs = random.random((len(truth), count))
    outputs[np.arange(len(truth)), truth] += 9 if right else 0.5
    return Known(
        Scored(
            truth=truth,
            outputs=outputs / outputs.sum(axis=1, keepdims=True),
            numbers=np.arange(len(truth)),
            classes=names,
            target=HOSTILE[0],
            noun="rows",
            available=len(truth),
        ),
        truth,
    )


@pytest.fixture
def manifest() -> Manifest:
    """A manifest with hostile texts wherever there is one."""
    return Manifest(
        name="model",
        created="2026-01-01T00:00:00Z",
        files={},
        metrics={},
        history={
            "loss": [2.0, 1.0],
            "val_loss": [2.5, 1.5],
            HOSTILE[0]: [0.1, 0.2],
            "accuracy": [0.5],
        },
        settings={"data": HOSTILE[0], HOSTILE[1]: None},
        seed=1,
        dataset=HOSTILE[0],
        classes=HOSTILE,
        inputs=INPUTS,
        data_sha256="0" * 64,
        libraries={"keras": "3", HOSTILE[2]: HOSTILE[1]},
        git_commit=None,
    )


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


def test_data_stay_text_wherever_they_are_shown(manifest: Manifest) -> None:
    text = whole_page(known(), manifest)
    found = Tags(text)
    assert not found.tags & {"script", "img", "b", "iframe", "object"}
    assert not any(name.startswith("on") for name in found.attributes)
    shown = " ".join(found.texts)
    for name in HOSTILE:
        assert name in shown or name.replace("\n", " ") in shown
    assert "49" not in [each.strip() for each in found.texts]
    assert "default-src 'none'" in text


def test_names_that_are_formulas_or_start_with_an_underscore_are_drawn() -> None:
    curves = {name: ([0.0, 1.0], [0.0, 1.0]) for name in ("_a", "$x^2$", "$")}
    chart = charts.drawn("key", "a caption", charts.lines(curves, ("x", "y")))
    for name in curves:
        assert f">{name}</text>" in chart.svg


def test_figures_take_the_colour_of_the_pages_text() -> None:
    rows = known().scored
    section = classes.calibration_section(rows)
    (chart,) = [block for block in section.blocks if block.kind == "chart"]
    assert isinstance(chart, blocks.Chart)
    assert chart.svg.startswith("<svg") and "currentColor" in chart.svg
    assert charts.INK not in chart.svg
    again = classes.calibration_section(rows)
    assert chart in again.blocks  # the same bytes


def texts_of(section: blocks.Section) -> str:
    """Return what a section says, without its figures."""
    shown = [block for block in section.blocks if block.kind != "chart"]
    return " ".join(map(str, shown))


def test_many_classes_have_tables_in_place_of_figures_that_nobody_can_read() -> None:
    rows = known(25)
    confusion = classes.confusion_section(rows.scored)
    assert [block.kind for block in confusion.blocks] == ["table"]
    assert "The figures show the 10 classes" in texts_of(
        classes.curves_section(rows.scored)
    )
    kinds = {block.kind for block in sections.data_section(known(35)).blocks}
    assert kinds == {"table"}


def test_where_nothing_is_wrong_that_is_said() -> None:
    rows = known(3, right=True)
    assert "No class is taken for another" in texts_of(
        classes.confusion_section(rows.scored)
    )
    section = sections.mistakes_section(rows, 4)
    assert "0 of 90 test rows get a wrong class" in texts_of(section)
    (table,) = [block for block in section.blocks if isinstance(block, blocks.Table)]
    assert len(table.lines) == 4


def test_a_class_without_test_rows_has_no_curve() -> None:
    rows = known(3)
    part = rows.scored.labels < 2
    some = Scored(
        truth=rows.scored.truth[part],
        outputs=rows.scored.outputs[part],
        numbers=rows.scored.numbers[part],
        classes=rows.scored.classes,
        target="letter",
        noun="rows",
        available=None,
    )
    section = classes.curves_section(some)
    (table,) = [block for block in section.blocks if isinstance(block, blocks.Table)]
    assert table.lines[2] == ("2", 0, "–", "–")


def test_the_worst_mistakes_are_those_with_the_least_probability_of_the_truth() -> None:
    rows = known(3)
    section = sections.mistakes_section(rows, 3)
    (table,) = [block for block in section.blocks if isinstance(block, blocks.Table)]
    truth, outputs = rows.scored.labels, rows.scored.outputs
    own = outputs[np.arange(len(truth)), truth]
    wrong = rows.scored.predicted != truth
    assert f"({own[wrong].min():.1%}), predicted" in str(table.lines[0])


def test_a_mistake_goes_before_a_doubtful_success() -> None:
    some = Scored(
        truth=np.array([0, 0]),
        outputs=np.array([[0.34, 0.33, 0.33], [0.45, 0.55, 0.0]]),
        numbers=np.arange(2),
        classes=("a", "b", "c"),
        target="letter",
        noun="rows",
        available=2,
    )
    section = sections.mistakes_section(Known(some, some.labels), 1)
    assert some.losses[0] > some.losses[1]
    assert "1 of 2 test rows get a wrong class" in texts_of(section)
    assert "true a (45.0%), predicted b (55.0%)" in texts_of(section)


def test_the_worst_group_comes_first_and_small_ones_are_left_out() -> None:
    section = sections.slices_section(known(), DRAWING)
    (table,) = [block for block in section.blocks if isinstance(block, blocks.Table)]
    scores = [float(str(line[2])) for line in table.lines]
    assert scores == sorted(scores)
    assert "too small" not in str(table.lines)
    assert table.header[3] == "95% (Wilson)"


def test_the_parts_of_a_cross_validation_are_points() -> None:
    (block,) = sections.learning_section({"cv_accuracy": [0.8, 0.9]}).blocks
    assert isinstance(block, blocks.Chart)
    assert "left out of the cross-validation" in block.caption
    assert "no figures" in texts_of(sections.learning_section({}))


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


def card_of(text: card.CardText, manifest: Manifest) -> str:
    """Return the card of the rows with hostile names."""
    rows = known()
    measures, _ = rows.judged(DRAWING)
    folder = Path("models/model/1")
    return card.render_card(text, manifest, folder, rows.scored, measures, DRAWING)


def test_a_card_with_hostile_data_has_neither_tags_nor_more_cells(
    manifest: Manifest,
) -> None:
    text = card_of(card.CardText(description=HOSTILE[0]), manifest)
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


def test_a_card_holds_what_people_wrote(manifest: Manifest, tmp_path: Path) -> None:
    wrote = {
        "license": "cc-by-4.0",
        "intended_use": "# Sorting *letters* <b>",
        "contact": "a_b@example.com",
        "ethics": None,
    }
    path = tmp_path / "card.yaml"
    path.write_text(yaml.safe_dump(wrote), encoding="utf-8")
    text = card_of(card.read_card(path), manifest)
    assert "\n\\# Sorting \\*letters\\* &lt;b&gt;\n" in text
    assert "a\\_b@example.com" in text
    assert "## Ethical considerations\n\n*not stated*\n" in text
    assert "license: cc-by-4.0\n" in text and "license_name" not in text


def test_explanations_of_the_test_set_are_shown(tmp_path: Path) -> None:
    for name, data in (("shap", "the test set"), ("lime", "new.csv")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "importance.svg").write_text("<svg></svg>", encoding="utf-8")
        facts = {"method": name, "data": data, "rows": 3, "importance_how": "so"}
        (folder / "explanation.json").write_text(json.dumps(facts), encoding="utf-8")
    section = origins.explanations_section(tmp_path)
    (shown,) = [each for each in section.blocks if isinstance(each, blocks.Pictures)]
    (picture,) = shown.pictures
    assert picture.caption == "shap, 3 rows: so"
    assert picture.source.startswith("data:image/svg+xml;base64,")
