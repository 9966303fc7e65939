"""The template's Jinja extension: it checks the answers and quotes them.

Cookiecutter loads it because cookiecutter.json lists it under `_extensions`. Three
things have to hold however the answers arrive (prompt, `key=value`, a config file, a
replay file, cruft):

1. An answer is data. `preprocess` makes a literal of every string that is not the
   template's own, so `{{ }}` in an answer is never evaluated.
2. A bad answer is refused before anything is written: by the private question
   `__checked`, the last one, and once more before the project's folder gets its name,
   for answers that were never asked for (`--replay-file`). A pre_gen hook would run
   when the folder exists already, and not at all with `--accept-hooks no`.
3. An answer is pasted into a file through a filter of answers/filters.py.
"""

import importlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from jinja2 import Environment, pass_environment
from jinja2.ext import Extension

from answers import checks, filters, template

# What cookiecutter heeds and the template does not set.
FOREIGN_SETTINGS = ("_copy_without_render", "_new_lines")


class AnswersExtension(Extension):
    """Adds the filters, the check and the literal answers to an environment."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        added = [check_answers, template.project_files, *filters.ALL]
        environment.filters.update({made.__name__: made for made in added})
        self._own = frozenset(template.own_strings())
        self._paths = [path for path in template.paths() if "{" in path]
        forget_imports()

    def preprocess(
        self, source: str, name: str | None, filename: str | None = None
    ) -> str:
        """Make a literal of a string that is not the template's own.

        Args:
            source: the text that is about to be compiled.
            name: the template file's name; None for a string, which is how cookiecutter
                renders answers, file names and hooks.
            filename: the template file's path.

        Returns:
            The text itself, or a Jinja expression that prints exactly the text.
        """
        if source == template.PROJECT:  # the name of the folder that is about to be
            return "{{ cookiecutter.project_slug if cookiecutter | check_answers }}"
        if name is not None or source in self._own:
            return source
        # Folders arrive as absolute paths, of which only the end is the template's.
        for path in self._paths if os.path.isabs(source) else ():
            above = source.removesuffix(os.sep + path)
            if above != source and os.path.isdir(above):
                return literal(above + os.sep) + path
        return literal(source)


def literal(text: str) -> str:
    """Return a Jinja expression that prints exactly this text."""
    # Jinja decodes its strings like Python does; JSON's escapes are a subset of that.
    return "{{ " + json.dumps(text, ensure_ascii=False) + " }}"


@pass_environment
def check_answers(environment: Environment, answers: Mapping[str, Any]) -> str:
    """Return "yes", or print everything that is wrong and stop.

    Args:
        environment: renders the derived private names.
        answers: all answers by key.

    Returns:
        "yes"; cookiecutter stores it as the answer `__checked`.

    Raises:
        SystemExit: with status 1 when an answer cannot be used. Neither Jinja nor
            cookiecutter catches it, so the user sees the message and no traceback.
    """
    ours, questions = template.read_template(), template.questions()
    problems, corrected = checks.review(answers, ours)
    given = {key: str(answers.get(key, "")) for key in ours.defaults}
    for key, source in ours.derived.items():
        follows = environment.from_string(source).render(cookiecutter=given)
        if key in answers and answers[key] != follows:
            reason = f"{answers[key]!r} does not follow from the other answers"
            problems.append(checks.Problem(key, reason, "leave it out"))
    settings = [key for key in questions if key[0] == "_" and key[:2] != "__"]
    for key in (*settings, *FOREIGN_SETTINGS):
        if answers.get(key) != questions.get(key):
            reason = "is for the template to set, not an answer"
            problems.append(checks.Problem(key, reason, "answer anew, without it"))
    if problems:
        folder = str(answers.get("_template", template.ROOT))
        print(message(problems, corrected, folder), file=sys.stderr)
        raise SystemExit(1)
    return "yes"


def message(
    problems: list[checks.Problem], corrected: Mapping[str, str], folder: str
) -> str:
    """Write the problems and a command that works, for the terminal.

    Args:
        problems: at least one.
        corrected: usable answers by key.
        folder: where cookiecutter finds the template.
    """
    words = ["cookiecutter", folder, "--no-input"]
    words += [f"{key}={value}" for key, value in corrected.items()]
    command = subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
    return "\n".join(
        [
            "Nothing was created, because some answers cannot be used:",
            *(f"  {problem}" for problem in problems),
            "A corrected command (add the options you gave, such as --output-dir):",
            f"  {command}",
        ]
    )


def forget_imports() -> None:
    """Let the next environment import this code anew.

    `cruft update` renders two commits of the template in one process and one folder;
    the newer one must not be rendered by the older one's code. Bytecode goes too: a
    checkout can be quicker than the seconds that Python compares. And the template is
    found again where its path was a relative one: cookiecutter renders hooks in the
    project's folder, and restores `sys.path` itself.
    """
    if str(template.ROOT) not in sys.path:
        sys.path.append(str(template.ROOT))
    for name in list(sys.modules):
        if name.split(".")[0] in ("local_extensions", "answers"):
            source = Path(sys.modules[name].__file__ or "/")
            if template.ROOT in source.parents:
                del sys.modules[name]
                Path(cache_from_source(str(source))).unlink(missing_ok=True)
    importlib.invalidate_caches()
