"""Chromium without a window, and what goes wrong on a page: a plugin of these tests."""

import html
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# What docs/ shows; written with UPDATE_SCREENSHOTS=1.
IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
# How pages are looked at: a desktop's and a phone's width, light and dark.
VIEWS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Chromium, for one file: as long as it runs, this thread has an event loop."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    # Chromium's sandbox does not start for root.
    arguments = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium
        with chromium.launch(executable_path=program, args=arguments) as found:
            yield found


@dataclass
class Visit:
    """A page in the browser, what it asked for, and what went wrong on it."""

    page: "Page"
    asked: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen."""
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.note("error", str(error)))
        self.page.on("requestfailed", lambda request: self.note("error", request.url))
        self.page.on(
            "response",
            lambda answer: self.note(
                "error" if answer.status >= 400 else "", answer.url
            ),
        )

    def note(self, kind: str, text: str) -> None:
        """Keep what is an error or a warning."""
        if kind in ("error", "warning"):
            self.problems.append(text)

    def is_too_wide(self) -> bool:
        """Whether one has to scroll sideways."""
        return bool(
            self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        )


@contextmanager
def visit(browser: "Browser", width: int, scheme: str) -> Iterator[Visit]:
    """Open an empty page of a width, in a colour scheme."""
    with browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
    ) as context:
        yield Visit(context.new_page())


def keep_picture(page: "Page", name: str) -> None:
    """Take a picture for docs/ of what the browser shows, if that was asked for."""
    if os.environ.get("UPDATE_SCREENSHOTS") == "1":
        page.screenshot(path=IMAGES / name)
    assert (IMAGES / name).read_bytes().startswith(b"\x89PNG")


def keep_session(page: "Page", name: str, text: str) -> None:
    """The same of what a terminal has shown."""
    style = "margin:0;padding:16px;background:#0f172a;color:#e2e8f0;font:14px monospace"
    page.set_content(f'<pre style="{style}">{html.escape(text)}</pre>')
    page.add_style_tag(content="body { margin: 0; background: #0f172a }")
    height = int(page.evaluate("document.querySelector('pre').offsetHeight"))
    page.set_viewport_size({"width": 900, "height": height})
    keep_picture(page, name)
