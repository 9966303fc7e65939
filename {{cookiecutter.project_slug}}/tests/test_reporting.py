"""The command report: both its files, on a model that was really trained."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from importlib import util
from pathlib import Path

import jsonschema
import pytest
import yaml

from {{ cookiecutter.package_name }} import main

from samples import QUICK_TRAINING

REPORT = ("report", "--bootstrap-samples", "100", "--quiet")
FOLDER = Path("reports/model/1")
# What moves from run to run: what was timed.
SPEED = re.compile(r'<section id="speed">.*?</section>', re.DOTALL)
SECTIONS = {"mistakes", "slices", "explanations", "learning", "data"}
SECTIONS |= {"speed", "environment"}
# What the Hub reads; its own check asks a server.
FRONT_MATTER = {
    "type": "object",
    "required": ["license", "library_name", "pipeline_tag", "model-index"],
    "properties": {
        "license": {"type": "string", "pattern": "^[a-z0-9.-]+$"},
        "license_name": {"type": "string", "pattern": "^[a-z0-9.-]+$"},
        "library_name": {"enum": ["keras", "pytorch", "sklearn"]},
        "pipeline_tag": {
            "enum": [
                "image-classification",
                "tabular-classification",
                "tabular-regression",
            ]
        },
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "datasets": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "metrics": {"type": "array", "items": {"type": "string"}, "minItems": 3},
        "model-index": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["name", "results"],
                "properties": {
                    "name": {"type": "string"},
                    "results": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["task", "dataset", "metrics"],
                            "properties": {
                                "task": {"required": ["type"]},
                                "dataset": {"required": ["type", "name"]},
                                "metrics": {
                                    "type": "array",
                                    "minItems": 3,
                                    "items": {
                                        "type": "object",
                                        "required": ["type", "value"],
                                        "properties": {"value": {"type": "number"}},
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
    "additionalProperties": False,
}

Output = pytest.CaptureFixture[str]


class Page(HTMLParser):
    """The addresses and the anchors of a page."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.addresses: list[str] = []
        self.anchors: set[str] = set()
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what it refers to, and what it is called."""
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href"):
                self.addresses.append(value or "")
            if name == "id" and tag == "section":
                self.anchors.add(value or "")


@pytest.fixture
def trained(project: Path) -> Path:
    """A project with a version."""
    assert main.main(["train", "--quiet", *QUICK_TRAINING]) == 0
    return project


def front_matter(path: Path) -> dict[str, object]:
    """Return the metadata of a model card."""
    _, header, _ = path.read_text(encoding="utf-8").split("---\n", 2)
    found: dict[str, object] = yaml.safe_load(header)
    return found


def test_a_report_needs_nothing_else_and_agrees_with_evaluate(
    trained: Path, capsys: Output
) -> None:
    assert main.main(["evaluate", "--quiet"]) == 0
    assert main.main(["export", "--quiet"]) == 0
    capsys.readouterr()
    assert main.main([*REPORT]) == 0
    accuracy = json.loads((FOLDER / "metrics.json").read_bytes())["accuracy"]
    assert f"accuracy: {accuracy:.4f} (" in capsys.readouterr().out
    text = (FOLDER / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert SECTIONS <= page.anchors
    assert all(each.startswith(("#", "data:")) for each in page.addresses)
    assert not page.tags & {"script", "link", "iframe", "object"}
    assert "ONNX Runtime, one thread" in text
    assert "run the command “explain”" in text
    assert main.main([*REPORT]) == 0
    again = (FOLDER / "report.html").read_text(encoding="utf-8")
    assert SPEED.sub("", again) == SPEED.sub("", text)


def test_a_card_has_the_hubs_metadata_and_makes_nothing_up(trained: Path) -> None:
    assert main.main([*REPORT]) == 0
    found = front_matter(FOLDER / "model_card.md")
    jsonschema.validate(found, FRONT_MATTER)
    text = (FOLDER / "model_card.md").read_text(encoding="utf-8")
    for heading in ("Intended use", "Out of scope", "Limitations"):
        assert f"## {heading}\n\n*not stated*\n" in text
    assert "Contact: *not stated*" in text


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("licence: mit\n", "licence: Extra inputs are not permitted; known are "),
        ("contact: [a, b]\n", "contact: Input should be a valid string"),
    ],
    ids=["a misspelt key", "no text"],
)
def test_what_is_no_text_of_a_card_is_refused(
    content: str, problem: str, project: Path, capsys: Output
) -> None:
    Path("card.yaml").write_text(content, encoding="utf-8")
    assert main.main([*REPORT, "--model-card", "card.yaml"]) == 2
    assert f"card.yaml: {problem}" in capsys.readouterr().err


def test_a_model_that_is_not_there_has_no_report(project: Path, capsys: Output) -> None:
    assert main.main([*REPORT]) == 2
    assert "run the command `train` first" in capsys.readouterr().err


def test_without_its_libraries_the_command_says_what_to_install(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    found: Callable[[str], object] = util.find_spec
    monkeypatch.setattr(
        util, "find_spec", lambda name: None if name == "jinja2" else found(name)
    )
    assert main.main([*REPORT]) == 2
    shown = capsys.readouterr().err
    assert "jinja2 cannot be imported" in shown
    assert "uv pip install -r requirements/report.txt" in shown
