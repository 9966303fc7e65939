"""What the template consists of: its questions, its own strings, its paths."""

import json
import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from .checks import Template
from .filters import hashes

ROOT = Path(__file__).resolve().parents[1]
PROJECT = "{{cookiecutter.project_slug}}"


@lru_cache
def questions() -> dict[str, Any]:
    """Read cookiecutter.json.

    The answers do not tell what is allowed: they may hold `_choices` of their own.
    """
    text = (ROOT / "cookiecutter.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


@lru_cache
def read_template() -> Template:
    """Read the questions, their choices and the names of what the project installs."""
    asked = questions()
    public = {k: v for k, v in asked.items() if not k.startswith("_")}
    others = ("__prompts__", "__checked")
    derived = {k: v for k, v in asked.items() if k[:2] == "__" and k not in others}
    installed = {pin.partition("==")[0] for pin in hashes()} | {"pip", "wheel"}
    return Template(public, asked["_choices"], derived, frozenset(installed))


def own_strings() -> Iterator[str]:
    """Yield all strings of cookiecutter.json, the text of the hooks and the paths."""
    pending: list[Any] = [questions()]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            pending += item
    for hook in ROOT.glob("hooks/*.py"):
        yield hook.read_text(encoding="utf-8")
    yield from paths()


@lru_cache
def paths() -> list[str]:
    """List every path below the project's folder, as cookiecutter names it."""
    return [
        os.path.relpath(os.path.join(folder, name), ROOT / PROJECT)
        for folder, folders, files in os.walk(ROOT / PROJECT)
        for name in (*folders, *files)
    ]


def project_files(answers: Mapping[str, Any]) -> str:
    """List the files that a project can have from the template, a line each.

    Args:
        answers: all answers by key, which have passed the check.
    """
    files = [path for path in paths() if (ROOT / PROJECT / path).is_file()]
    listed = "\n".join(sorted(files)).replace(os.sep, "/")
    for key in ("project_slug", "package_name"):
        listed = listed.replace("{{cookiecutter.%s}}" % key, str(answers[key]))
    return listed
