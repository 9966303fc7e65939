"""The report in a real browser: on a desktop and a phone, light, dark and printed.

With UPDATE_SCREENSHOTS=1 it also writes docs/images/report.png, which docs/ shows.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page, sync_playwright

from conftest import ROOT
from environments import Installed, InstalledProject

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="uses make: for Linux and macOS"),
]

REPORTS = Path("reports/model/1")
SCREENSHOT = ROOT / "docs" / "images" / "report.png"
VIEWS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
# A page of a browser's PDF, as its table of objects names it.
PDF_PAGE = re.compile(rb"/Type\s*/Page\b")
QUICK = {
    "tensorflow": ("--epochs", "20"),
    "pytorch": ("--epochs", "20"),
    "scikit-learn": (),
}


@pytest.fixture(scope="module", params=["tensorflow", "scikit-learn"])
def project(request: pytest.FixtureRequest, installed: Installed) -> InstalledProject:
    """A project of each kind of data, with a report on a model that is explained."""
    found = installed(request.param)
    shutil.rmtree(found.path / "models", ignore_errors=True)
    program = found.path.name
    found.run(program, "train", "--quiet", *QUICK[request.param])
    found.run(program, "export", "--quiet")
    explain = ("--method", "shap", "--max-rows", "20", "--background-rows", "20")
    found.run(program, "explain", "--quiet", *explain)
    found.run(program, "report", "--quiet")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    # Chromium's sandbox does not start for root.
    arguments = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium
        with chromium.launch(executable_path=program, args=arguments) as found:
            yield found


def luminance(page: Page, expression: str) -> float:
    """Return how bright a colour is that a script finds, from 0 to 255."""
    colour = str(page.evaluate(expression))
    red, green, blue = map(float, re.findall(r"[\d.]+", colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_the_report_is_read_on_a_desktop_and_on_a_phone(
    project: InstalledProject, browser: Browser, width: int, scheme: str
) -> None:
    asked: list[str] = []
    problems: list[str] = []
    with browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 800},
    ) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        address = (project.path / REPORTS / "report.html").as_uri()
        page.goto(address)

        # Nothing but the file itself, and what is inside of it.
        assert [url for url in asked if not url.startswith("data:")] == [address]
        assert problems == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        broken = "[...document.images].filter(image => !image.naturalWidth).length"
        assert page.evaluate(broken) == 0
        assert page.locator("#explanations img").count() == 1
        assert page.locator("section").count() == page.locator("nav a").count() == 11
        paper = luminance(page, "getComputedStyle(document.body).backgroundColor")
        ink = luminance(page, "getComputedStyle(document.body).color")
        text = luminance(
            page, "getComputedStyle(document.querySelector('svg text')).fill"
        )
        assert (
            (paper > 200 > 60 > ink) if scheme == "light" else (ink > 200 > 60 > paper)
        )
        assert text == ink
        for link in page.locator("nav a").all():
            link.click()
            target = page.locator(str(link.get_attribute("href")))
            assert target.locator("h2").inner_text() == link.inner_text()


def test_the_report_prints_on_white(
    project: InstalledProject, browser: Browser
) -> None:
    with browser.new_context(color_scheme="dark") as context:
        page = context.new_page()
        page.goto((project.path / REPORTS / "report.html").as_uri())
        page.emulate_media(media="print", color_scheme="dark")
        assert luminance(page, "getComputedStyle(document.body).color") < 60
        content = page.pdf(format="A4")
    assert content.startswith(b"%PDF-")
    assert 3 < len(PDF_PAGE.findall(content)) < 40


def test_the_model_card_is_markdown_without_html(project: InstalledProject) -> None:
    text = (project.path / REPORTS / "model_card.md").read_text(encoding="utf-8")
    body = text.split("---\n", 2)[2]
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    kinds = [token.type for token in tokens]
    assert kinds.count("table_open") == 3
    assert "html_block" not in kinds
    headings = [
        tokens[i + 1].content for i, kind in enumerate(kinds) if kind == "heading_open"
    ]
    assert headings[0] == "model, version 1" and "Limitations" in headings


def test_the_screenshot_shows_the_report(
    installed: Installed, browser: Browser, tmp_path: Path
) -> None:
    found = installed("tensorflow")
    update = os.environ.get("UPDATE_SCREENSHOTS") == "1"
    path = SCREENSHOT if update else tmp_path / "report.png"
    path.parent.mkdir(exist_ok=True)
    with browser.new_context(viewport={"width": 1100, "height": 1000}) as context:
        page = context.new_page()
        page.goto((found.path / REPORTS / "report.html").as_uri())
        page.screenshot(path=path)
    assert path.read_bytes()[:8] == SCREENSHOT.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    # Width and height stand at the start of a PNG file.
    assert path.read_bytes()[16:24] == SCREENSHOT.read_bytes()[16:24]
