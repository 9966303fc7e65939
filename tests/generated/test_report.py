"""The report in a real browser: on a desktop, on a phone and printed.

With UPDATE_SCREENSHOTS=1 it also writes docs/images/report.png, which docs/ shows.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page

from browsers import VIEWS, visit
from conftest import ROOT
from environments import Installed, InstalledProject

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="uses make: for Linux and macOS"),
]

MODEL = "digits"  # beside the models of other tests; the picture shows it
FOLDER = Path("reports", MODEL, "1")
SCREENSHOT = ROOT / "docs" / "images" / "report.png"
SECTIONS = ["Test set", "Worst mistakes", "Explanations", "Training"]
# How a PDF file starts the description of a page.
PDF_PAGE = re.compile(rb"/Type\s*/Page\b")
QUICK = {"tensorflow": ("--epochs", "20"), "pytorch": ("--epochs", "20")}
FEW = ("--method", "shap", "--explained-rows", "20", "--background-rows", "20")

Reported = Callable[[str], InstalledProject]


@pytest.fixture(scope="module")
def reported(installed: Installed) -> Reported:
    """Return `reported(framework)`: a project with a report on an explained model."""

    def get(framework: str) -> InstalledProject:
        project = installed(framework)
        if not (project.path / FOLDER / "report.html").exists():
            named = ("--model-name", MODEL, "--quiet")
            program = project.path.name
            project.run(program, "train", *QUICK.get(framework, ()), *named)
            for command in (("export",), ("explain", *FEW), ("report",)):
                project.run(program, *command, *named)
        return project

    return get


@pytest.fixture(
    scope="module",
    # PyTorch's report is made by the same code as TensorFlow's.
    params=[
        "tensorflow",
        "scikit-learn",
        pytest.param("pytorch", marks=pytest.mark.matrix),
    ],
)
def project(request: pytest.FixtureRequest, reported: Reported) -> InstalledProject:
    """A project of each framework."""
    return reported(request.param)


def luminance(page: Page, selector: str, style: str) -> float:
    """Return how bright a colour is, as the browser computes it, from 0 to 255."""
    script = "([selector, style]) => getComputedStyle("
    script += "document.querySelector(selector))[style]"
    colour = str(page.evaluate(script, [selector, style]))
    red, green, blue = map(float, re.findall(r"[\d.]+", colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_the_report_is_read_on_a_desktop_and_on_a_phone(
    project: InstalledProject, browser: Browser, width: int, scheme: str
) -> None:
    with visit(browser, width, scheme) as found:
        page = found.page
        address = (project.path / FOLDER / "report.html").as_uri()
        page.goto(address)

        # The file itself, and what is inside of it.
        assert [url for url in found.asked if not url.startswith("data:")] == [address]
        assert found.problems == []
        assert not found.is_too_wide()
        broken = "[...document.images].filter(image => !image.naturalWidth).length"
        assert page.evaluate(broken) == 0
        assert page.locator("section").nth(2).locator("img").count() == 1
        assert luminance(page, "body", "color") < 60
        assert luminance(page, "body", "backgroundColor") > 200
        assert page.locator("h2").all_inner_texts() == SECTIONS


def test_the_report_prints_dark_on_white(
    project: InstalledProject, browser: Browser
) -> None:
    with visit(browser, 1280, "dark") as found:
        found.page.goto((project.path / FOLDER / "report.html").as_uri())
        found.page.emulate_media(media="print", color_scheme="dark")
        assert luminance(found.page, "body", "color") < 60
        assert luminance(found.page, "body", "backgroundColor") > 200
        content = found.page.pdf(format="A4")
    assert content.startswith(b"%PDF-")
    assert 1 < len(PDF_PAGE.findall(content)) < 40


def test_the_model_card_is_markdown_without_html(project: InstalledProject) -> None:
    text = (project.path / FOLDER / "model_card.md").read_text(encoding="utf-8")
    body = text.split("---\n", 2)[2]
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    kinds = [token.type for token in tokens]
    assert kinds.count("table_open") == 2 and "html_block" not in kinds
    headings = [
        tokens[i + 1].content for i, kind in enumerate(kinds) if kind == "heading_open"
    ]
    assert headings[0] == MODEL and "Limitations" in headings


def test_the_screenshot_of_the_docs_is_one_of_a_report(
    reported: Reported, browser: Browser, tmp_path: Path
) -> None:
    project = reported("tensorflow")
    update = os.environ.get("UPDATE_SCREENSHOTS") == "1"
    path = SCREENSHOT if update else tmp_path / "report.png"
    path.parent.mkdir(exist_ok=True)
    with visit(browser, 1100, "light") as found:
        found.page.set_viewport_size({"width": 1100, "height": 1200})
        found.page.goto((project.path / FOLDER / "report.html").as_uri())
        found.page.screenshot(path=path)
    start = SCREENSHOT.read_bytes()[:24]  # a PNG file names its size there
    assert start.startswith(b"\x89PNG") and path.read_bytes()[:24] == start
