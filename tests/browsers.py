"""Chromium without a window, and what goes wrong on a page: a plugin of these tests."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

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
