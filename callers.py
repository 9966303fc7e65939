"""Who renders the template: somebody who makes a project, or cruft to compare two."""

from collections.abc import Mapping
from traceback import walk_stack
from typing import Any

# The commands of cruft that render into folders which they remove again.
COMPARING = {"cruft._commands.diff", "cruft._commands.update"}


def is_new(answers: Mapping[str, Any]) -> str:
    """Return "yes" for a project that somebody makes, "" for one that cruft compares.

    Nothing tells a template who renders it, so the modules that have called are looked
    at; a version of cruft that has others is taken for somebody.

    Args:
        answers: all answers by key. They do not matter, but every filter has an input.
    """
    callers = {frame.f_globals.get("__name__") for frame, _ in walk_stack(None)}
    return "" if callers & COMPARING else "yes"
