"""cookiecutter.json's list of files that hold no Jinja and are copied as they are."""

import re
from fnmatch import fnmatch

from conftest import PROJECT, ROOT, files_below, questions
from files_by_choice import CONDITIONS

SOURCE = ROOT / PROJECT


def test_exactly_the_files_without_jinja_are_copied_unrendered() -> None:
    patterns = questions()["_copy_without_render"]
    copied = {
        name
        for name in files_below(SOURCE)
        if any(fnmatch(name, pattern) for pattern in patterns)
    }
    # "${{" is GitHub's, not Jinja's.
    jinja = re.compile(r"(?<!\$)\{\{|\{%|\{#")
    texts = {name: (SOURCE / name).read_text("utf-8") for name in files_below(SOURCE)}
    plain = {name for name, text in texts.items() if not jinja.search(text)}
    # The report's own templates: the project fills them in.
    plain |= {name for name in texts if name.endswith(".jinja")}
    # Only what is rendered can be left out by its path. The hook removes the rest: what
    # holds GitHub's braces, and __init__.py, as a pattern means those of all folders.
    rendered = {
        name
        for name in CONDITIONS
        if "${{" not in texts[name] and not name.endswith("/__init__.py")
    }
    assert copied == plain - rendered
