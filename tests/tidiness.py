"""What a rendered file must not hold: syntax errors, left-over Jinja, odd blank lines.

Pure functions from a file's name and text to its problems, so that `tests/unit` can
plant one of each. `references.py` looks for names of files that are not there.
"""

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

import yaml

# Not "{{" alone: that is also GitHub's and Python's. "${#" is the shell's.
JINJA = re.compile(r"\{\{-?\s*cookiecutter\b|\{%|(?<!\$)\{#|^\s*#%")
COMMENT_LINE = re.compile(r"(?m)^\s*//.*$")  # in VS Code's JSON


def load_yaml(text: str) -> Any:
    """Load YAML of any number of parts, which may hold tags of its own (GitLab)."""
    return list(yaml.compose_all(text, Loader=yaml.SafeLoader))


PARSERS: dict[str, Callable[[str], Any]] = {
    ".ipynb": json.loads,
    ".json": lambda text: json.loads(COMMENT_LINE.sub("", text)),
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".yaml": load_yaml,
    ".yml": load_yaml,
}


def syntax_errors(name: str, text: str) -> Iterator[str]:
    """Say why a file does not parse, if its suffix has a parser."""
    parse = PARSERS.get(PurePosixPath(name).suffix)
    try:
        if parse:
            parse(text)
    except (SyntaxError, ValueError, yaml.YAMLError) as error:
        yield f"{name}: {error}"


def leftover_jinja(name: str, text: str) -> Iterator[str]:
    """Name the lines that hold Jinja which was not rendered; `.jinja` is for Jinja."""
    if name.endswith(".jinja"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if JINJA.search(line):
            yield f"{name}:{number}: unrendered Jinja: {line.strip()}"


def blank_line_debris(name: str, text: str) -> Iterator[str]:
    """Name what a condition that was left out leaves behind.

    Python has two empty lines between definitions, the licences' authors set theirs as
    they like; everything else has one empty line at a time.
    """
    if not text:
        return
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield f"{name}: does not end with one newline"
    if name == "LICENSE":
        return
    if text.startswith("\n"):
        yield f"{name}:1: starts with an empty line"
    allowed = 2 if name.endswith(".py") else 1
    empty = 0
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip():
            yield f"{name}:{number}: ends with a blank"
        empty = 0 if line.strip() else empty + 1
        if empty > allowed:
            yield f"{name}:{number}: one empty line too many"
