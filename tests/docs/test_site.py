"""The site in a real browser: complete, of itself, and for everybody."""

import http.server
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from browsers import VIEWS, visit
from conftest import ROOT

AXE = "axe-core@4.14.1"
PAGES = (
    "index.html",
    "tutorial/index.html",
    "reference/commands.html",
    "explanation/data.html",
    "handbook/00-how-to-read.html",
)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server of files that says nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the site, where a warning is an error, and serve it; give its address."""
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-q"]
    done = subprocess.run(
        [*build, "-d", folder / "cache", ROOT / "docs", folder / "html"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout
    handler = partial(Quiet, directory=folder / "html")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the script axe-core, which knows the rules of WCAG."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("npm")
    options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run([npm, "install", *options, AXE], cwd=folder, check=True)
    return folder / "node_modules/axe-core/axe.min.js"


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_pages_are_whole_and_read_by_everybody(
    site: str, browser: Browser, axe: Path, width: int, scheme: str
) -> None:
    with visit(browser, width, scheme) as found:
        for name in PAGES:
            found.page.goto(site + name)
            found.page.add_script_tag(path=axe)
            rules = {"runOnly": ["wcag2a", "wcag2aa"]}
            broken = found.page.evaluate("rules => axe.run(rules)", rules)["violations"]
            shown = [(rule["id"], rule["nodes"][0]["html"]) for rule in broken]
            assert shown == [], name
            assert not found.is_too_wide(), name
        assert found.problems == []
        assert [url for url in found.asked if not url.startswith(site)] == []


def test_the_keyboard_reaches_the_search_which_needs_no_server(
    site: str, browser: Browser
) -> None:
    with visit(browser, 1280, "light") as found:
        page = found.page
        page.goto(site)
        field = page.locator("input[name=q]").first
        for _ in range(10):
            if field.evaluate("node => node === document.activeElement"):
                break
            page.keyboard.press("Tab")
        page.keyboard.type("adapter")
        page.keyboard.press("Enter")
        expect(page.locator("#search-results li").first).to_be_visible()
        assert found.problems == []
