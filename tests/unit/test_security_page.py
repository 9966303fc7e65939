"""The page on security names tests and files that there are."""

import re

from conftest import PROJECT, ROOT

PAGE = ROOT / "docs" / "explanation" / "security.md"
SOURCE = ROOT / PROJECT


def test_each_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"tests/[\w/]+\.py", PAGE.read_text(encoding="utf-8")))
    assert len(named) > 10
    missing = [
        name
        for name in sorted(named)
        if not (ROOT / name).is_file() and not (SOURCE / name).is_file()
    ]
    assert missing == []
