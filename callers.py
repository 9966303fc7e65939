"""Who renders the template, as nothing tells it: the frames that have called."""

import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

# The commands of cruft that render into folders which they remove again.
COMPARING = {"cruft._commands.diff", "cruft._commands.update"}


def outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield a frame and those that it was called from."""
    while frame:
        yield frame
        frame = frame.f_back


def is_new(answers: Mapping[str, Any]) -> str:
    """Return "yes" for a project that somebody makes, "" for one that cruft compares.

    The modules that have called are looked at; a version of cruft that has others is
    taken for somebody.

    Args:
        answers: all answers by key. They do not matter, but every filter has an input.
    """
    frames = outwards(sys._getframe())
    callers = {frame.f_globals.get("__name__") for frame in frames}
    return "" if callers & COMPARING else "yes"
