"""Places in a project that pages name are there; a topic has a page where it runs.

Links to other sites are looked at, not followed: `poe links` does that.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import yaml

from conftest import BakedProject, bake_into, choices
from docs.pages import DOCS, HEADS
from docs.snippets import snippets

LINK = re.compile(r"\]\((\w+:[^)]*)\)")
PLACE = re.compile(r"\{project\}`([^`#]+)#?([^`]*)`")
CHAPTERS = [page for page in HEADS if re.match(r"handbook/(?!00)\d\d-", page)]
TOPICS: dict[str, str] = {}
for file in sorted(DOCS.glob("handbook/topics-*.yaml")):
    TOPICS |= yaml.safe_load(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], BakedProject]:
    """Return `rendered(framework)`, a project with all extras."""

    @cache
    def get(framework: str) -> BakedProject:
        answers: dict[str, Any] = {"framework": framework, "extras": "all"}
        return bake_into(tmp_path_factory.mktemp(framework), **answers)

    return get


@pytest.mark.parametrize("page", HEADS)
def test_what_a_page_names_in_a_project_is_there(
    page: str, rendered: Callable[[str], BakedProject]
) -> None:
    places = PLACE.findall((DOCS / page).read_text(encoding="utf-8"))
    framework = HEADS[page].get("environment")
    if framework not in choices()["framework"]:
        framework = choices()["framework"][0]
    for path, name in places:
        project = rendered(framework)
        (package,) = (project.path / "src").iterdir()
        file = package / path if path[0] != "/" else project.path / path[1:]
        assert file.exists(), path
        if name and file.suffix == ".py":
            defined = rf"(?m)^(?: *(?:async )?def |class |){re.escape(name)}\b"
            assert re.search(defined, file.read_text(encoding="utf-8")), (path, name)
        elif name:
            assert name in file.read_text(encoding="utf-8"), (path, name)


@pytest.mark.parametrize("page", HEADS)
def test_links_to_other_sites_are_whole(page: str) -> None:
    for link in LINK.findall((DOCS / page).read_text(encoding="utf-8")):
        assert re.fullmatch(r"https://[a-z0-9.-]+\.[a-z]+(/[\w./#%+-]*)?", link), link


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_names_its_sources(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    _, _, further = text.partition("## Further reading\n")
    assert len(LINK.findall(further.partition("\n## ")[0])) >= 3


def test_each_topic_has_a_page_that_says_it_and_runs() -> None:
    assert len(TOPICS) >= 90
    missing = []
    for topic, place in TOPICS.items():
        page = DOCS / "handbook" / place.partition("#")[0]
        said = page.is_file() and topic.casefold() in page.read_text("utf-8").casefold()
        if not said or not snippets(page):
            missing.append(topic)
    assert missing == []
