"""The report and the model card say what is true, and no data gets out of them."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import yaml
from jinja2 import Environment, PackageLoader
from sklearn.metrics import roc_auc_score

from {{ cookiecutter.package_name }} import main
from {{ cookiecutter.package_name }}.registry import Manifest
from {{ cookiecutter.package_name }}.reporting import card, charts, command, scores

from samples import INPUTS

ROOT = Path(__file__).parents[1]
REPORT = ["report", "--quiet"]
FOLDER = Path("reports/model/1")
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "_$\\frac{a}{$",
    "{" + "{ 7 * 7 }" + "}",  # to Jinja, 49
    "new\nline | cell",
)
Output = pytest.CaptureFixture[str]


class Tags(HTMLParser):
    """The tags, addresses and texts of a page."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.addresses: list[str] = []
        self.texts = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and what it refers to."""
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href")]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts += data


def judged(count: int = 60) -> scores.Tested:
    """Return rows of classes with hostile names; about half of them are mistaken."""
    random = np.random.default_rng(0)
    truth = np.arange(count) % len(HOSTILE)
    outputs = random.random((count, len(HOSTILE)))
    outputs[np.arange(count), truth] += 0.5
    outputs /= outputs.sum(axis=1, keepdims=True)
    return scores.Tested(None, np.arange(count), truth, outputs, HOSTILE)


def manifest() -> Manifest:
    """Return a manifest with hostile texts wherever there is one."""
    return Manifest(
        name="model",
        created="2026-01-01T00:00:00Z",
        files={},
        metrics={},
        history={"loss": [2.0, 1.0], "val_loss": [2.5, 1.5], HOSTILE[2]: [0.5]},
        settings={"data": HOSTILE[0], HOSTILE[4]: None},
        seed=1,
        dataset=HOSTILE[0],
        classes=HOSTILE,
        inputs=INPUTS,
        data_sha256="0" * 64,
        libraries={"keras": "3", HOSTILE[1]: HOSTILE[1]},
        git_commit=None,
    )


def test_a_report_needs_nothing_else_and_agrees_with_evaluate(
    trained: Path, capsys: Output
) -> None:
    assert main.main([*REPORT, "--model-name", "other"]) == 2
    assert "run the command `train` first" in capsys.readouterr().err
    assert main.main(["evaluate", "--quiet"]) == 0
    capsys.readouterr()
    assert main.main(REPORT) == 0
    accuracy = json.loads((FOLDER / "metrics.json").read_bytes())["accuracy"]
    assert f"accuracy: {accuracy:.4f} (" in capsys.readouterr().out
    text = (FOLDER / "report.html").read_text(encoding="utf-8")
    page = Tags(text)
    assert page.addresses and all(a.startswith("data:") for a in page.addresses)
    assert not page.tags & {"script", "link", "iframe", "object"}
    for title in ("Confusion matrix", "ROC", "Precision and recall", "Calibration"):
        assert title in page.texts
    assert "run the command “explain”" in text
    assert main.main(REPORT) == 0
    assert (FOLDER / "report.html").read_text(encoding="utf-8") == text


def test_a_card_has_the_hubs_metadata_and_makes_nothing_up(trained: Path) -> None:
    assert main.main(REPORT) == 0
    text = (FOLDER / "model_card.md").read_text(encoding="utf-8")
    _, header, body = text.split("---\n", 2)
    found = yaml.safe_load(header)
    assert found["library_name"] in ("keras", "pytorch", "sklearn")
    assert found["pipeline_tag"].endswith("-classification")
    (result,) = found["model-index"][0]["results"]
    assert [each["type"] for each in result["metrics"]] == found["metrics"]
    for heading in ("Intended use", "Out of scope", "Limitations"):
        assert f"## {heading}\n\n*not stated*\n" in body
    assert "Contact: *not stated*" in body


def test_what_was_predicted_right_is_no_mistake() -> None:
    rows = judged()
    right = scores.Tested(None, rows.numbers, rows.predicted(), rows.outputs, HOSTILE)
    assert command.mistakes(right, manifest()) == ["There is none."]


def test_an_interval_is_that_of_the_binomial_distribution() -> None:
    rows = 400
    found = scores.scores_of(judged(rows))[0]
    width = 2 * 1.96 * np.sqrt(found.value * (1 - found.value) / rows)
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(width, rel=0.2)


def test_the_area_under_roc_is_scikit_learns() -> None:
    rows = judged()
    areas = roc_auc_score(rows.truth, rows.outputs, multi_class="ovr")
    assert scores.mean_auc(rows) == pytest.approx(areas)


def test_scores_of_values_and_of_classes_are_those_that_are_known() -> None:
    truth = np.array([1.0, 2.0, 3.0, 4.0])
    outputs = truth[:, None] + np.array([[1.0], [-1.0], [1.0], [-1.0]])
    numbers = scores.Tested(None, np.arange(4), truth, outputs, ())
    found = {s.key: s.value for s in scores.scores_of(numbers)}
    assert found == pytest.approx({"r2": 0.2, "mae": 1, "rmse": 1})
    sure = np.eye(2)[[0, 1, 0, 1]]
    labels = np.array([0, 1, 0, 1])
    classes = scores.Tested(None, np.arange(4), labels, sure, ("a", "b"))
    found = {s.key: s.value for s in scores.scores_of(classes)}
    assert found == pytest.approx({"accuracy": 1, "f1": 1, "roc_auc": 1, "log_loss": 0})
    assert len(charts.figures(classes)) == 4 and len(charts.figures(numbers)) == 2


def test_data_stay_text_wherever_the_page_shows_them() -> None:
    rows = judged()
    found = scores.scores_of(rows)
    sections = {
        "Test set": command.details(rows),
        "Training": [charts.learning_curves(manifest().history)],
    }
    page = Environment(loader=PackageLoader(command.__package__, ""), autoescape=True)
    html = page.get_template("report.html.jinja").render(
        manifest=manifest(),
        version=HOSTILE[1],
        scores=found,
        note="",
        sections=sections,
    )
    tags = Tags(html)
    assert "script" not in tags.tags and "49" not in tags.texts.split()
    assert not any(name.startswith("on") for name in tags.names)
    assert all(name.replace("\n", r"\n") in tags.texts for name in HOSTILE)
    assert "default-src 'none'" in html


def test_a_card_with_hostile_data_has_neither_tags_nor_more_cells() -> None:
    text = card.CardText(
        license="cc-by-4.0", intended_use="# Sorting *letters* <b>", ethics=HOSTILE[4]
    )
    found = scores.scores_of(judged())
    _, header, body = card.render_card(text, manifest(), found, "so").split("---\n", 2)
    assert yaml.safe_load(header)["datasets"] == [HOSTILE[0]]
    assert yaml.safe_load(header)["license"] == "cc-by-4.0"
    assert "<" not in body and "\n\\# Sorting \\*letters\\* &lt;b&gt;\n" in body
    for line in body.splitlines():
        if line.startswith("|"):
            assert line.replace("\\|", "").count("|") in (3, 4), line


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("licence: mit\n", "licence: Extra inputs are not permitted"),
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


def test_the_pipeline_names_commands_files_and_the_code_that_decides() -> None:
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    source = re.sub(r"\$\{src\}", "src/{{ cookiecutter.package_name }}", text)
    stages = yaml.safe_load(source)["stages"]
    assert set(stages) <= set(main.COMMANDS)
    named = {dep for stage in stages.values() for dep in stage["deps"]}
    assert all((ROOT / n).exists() for n in named if not n.startswith("pipeline/"))
    core = {"adapter", "commands", "export", "models", "registry", "utils"}
    assert {f"src/{{ cookiecutter.package_name }}/{name}.py" for name in core} <= named
