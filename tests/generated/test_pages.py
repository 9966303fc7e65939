"""The server's pages in a real browser, and its OpenAPI document put to the test."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browsers import VIEWS, keep_picture, visit
from environments import Installed, InstalledProject
from serving.running import free_ports, started

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="uses make: for Linux and macOS"),
]

KEY = "a key of the tests"
# A 3 on the drawing board, in parts of it.
THREE = [(35, 22), (60, 20), (64, 35), (46, 48), (65, 60), (60, 78), (35, 75)]


@contextmanager
def serving(project: InstalledProject, *options: str) -> Iterator[str]:
    """Serve the project's newest model; give the address, which ends with a slash."""
    (port,) = free_ports(1)
    program = project.path / ".venv" / "bin" / project.path.name
    command = [str(program), "serve", "--port", str(port), *options]
    address = f"http://127.0.0.1:{port}/"
    log = project.path / "logs" / "pages.log"
    with started(command, project.path, f"{address}readyz", log=log):
        yield address


@pytest.fixture(scope="module", params=["tensorflow", "scikit-learn"])
def project(request: pytest.FixtureRequest, installed: Installed) -> InstalledProject:
    """A project of each kind of data, with a model that can be served."""
    found = installed(request.param)
    found.run(found.path.name, "train", "--quiet")
    found.run(found.path.name, "export", "--quiet")
    return found


@pytest.fixture(scope="module")
def address(project: InstalledProject) -> Iterator[str]:
    """The address of its server."""
    with serving(project, "--no-access-log") as found:
        yield found


def draw(page: Page) -> None:
    """Draw a 3 with the mouse."""
    box = page.locator("#board").bounding_box()
    assert box is not None
    places = [
        (box["x"] + x * box["width"] / 100, box["y"] + y * box["height"] / 100)
        for x, y in THREE
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def shown(page: Page) -> dict[str, float]:
    """Wait for a prediction; return the probabilities that the page shows, in %."""
    page.wait_for_selector("#scores li")
    names = page.locator("#scores .name").all_inner_texts()
    parts = page.locator("#scores .part").all_inner_texts()
    return {name: float(part.removesuffix(" %")) for name, part in zip(names, parts)}


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_the_playground_shows_a_prediction(
    address: str, browser: Browser, width: int, scheme: str, tmp_path: Path
) -> None:
    with visit(browser, width, scheme) as found:
        page = found.page
        page.goto(address)
        page.wait_for_selector("#input h2")
        if page.locator("#board").count():
            draw(page)
            # Before it, there may be answers to what was drawn half-way.
            expect(page.locator("#answer")).to_have_text("3", timeout=30_000)
        else:
            page.locator("#input input").first.fill("11")
            page.get_by_role("button", name="Predict").click()
        scores = shown(page)
        page.screenshot(path=tmp_path / f"playground-{width}-{scheme}.png")
        if page.locator("#board").count() and (width, scheme) == VIEWS[0]:
            keep_picture(page, "playground.png")

        assert sum(scores.values()) == pytest.approx(100, abs=1)
        assert page.inner_text("#answer") == max(scores, key=lambda name: scores[name])
        assert not found.is_too_wide()
        assert found.problems == []


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_every_request_of_the_docs_can_be_sent(
    address: str, browser: Browser, width: int, scheme: str, tmp_path: Path
) -> None:
    with visit(browser, width, scheme) as found:
        page = found.page
        page.goto(f"{address}docs")
        page.wait_for_selector("section details")
        operations = page.locator("details.operation:has(.method)")
        for index in range(operations.count()):
            operation = operations.nth(index)
            operation.locator(":scope > summary").click()
            operation.get_by_role("button", name="Send").click()
            operation.get_by_text("Status 200").wait_for()
        page.screenshot(path=tmp_path / f"docs-{width}-{scheme}.png", full_page=True)

        assert operations.count() > 20
        assert not found.is_too_wide()
        assert found.problems == []


def test_who_cannot_draw_uses_the_keyboard(address: str, browser: Browser) -> None:
    with visit(browser, 1280, "light") as found:
        page = found.page
        page.goto(address)
        page.wait_for_selector("#input h2")
        if not page.locator("#board").count():
            # A form: change the first field, go to the next one, send it.
            first = page.locator("#input input").first
            before = float(first.input_value())
            first.focus()
            for key in ("ArrowUp", "Tab", "Enter"):
                page.keyboard.press(key)
            assert float(first.input_value()) == before + 1
            assert shown(page)
            return
        page.get_by_role("button", name="Example of a 4").press("Enter")
        page.locator("li.best", has_text="4").wait_for()
        page.locator("#board").focus()
        for key in ("Escape", "Space", *["ArrowDown"] * 14):
            page.keyboard.press(key)
        page.locator("li.best", has_text="1").wait_for()
        page.get_by_role("button", name="Undo").click()
        page.locator("#scores:empty").wait_for(state="attached")
        assert page.inner_text("#answer") == ""


def test_the_pages_ask_for_the_key(
    project: InstalledProject, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = project.path.name.replace("-", "_").upper()
    monkeypatch.setenv(f"{prefix}_API_KEY", KEY)
    with serving(project, "--no-access-log") as address:
        with visit(browser, 390, "light") as found:
            page = found.page
            page.goto(f"{address}docs")
            page.wait_for_selector("section details")
            operation = page.locator("#seldon_predict")
            operation.locator(":scope > summary").click()
            send = operation.get_by_role("button", name="Send")
            send.click()
            operation.get_by_text("Status 401").wait_for()
            page.get_by_label("API key").fill(KEY)
            send.click()
            operation.get_by_text("Status 200").wait_for()

            assert KEY not in operation.inner_text()
            assert KEY not in page.url


def test_the_server_does_what_its_document_says(address: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            *("run", f"{address}openapi.json", "--max-examples", "10"),
            *("--phases", "examples,coverage,fuzzing", "--seed", "1"),
            # The size of a tensor is not in its schema: that valid data may be refused
            # is no mistake.
            *("--exclude-checks", "positive_data_acceptance", "--no-color"),
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert "Tested:" in done.stdout
