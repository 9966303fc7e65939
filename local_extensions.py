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
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from jinja2 import Environment, pass_environment
from jinja2.ext import Extension

from answers import filters
from answers.checks import Problem, Template, review

ROOT = Path(__file__).resolve().parent
PROJECT = "{{cookiecutter.project_slug}}"
# What cookiecutter heeds and the template does not set.
FOREIGN_SETTINGS = ("_copy_without_render", "_new_lines")


class AnswersExtension(Extension):
    """Adds the filters, the check and the literal answers to an environment."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        added = [check_answers, project_files, *filters.ALL]
        environment.filters.update({made.__name__: made for made in added})
        self._own = frozenset(own_strings())
        self._paths = [path for path in template_paths() if "{" in path]
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
        if source == PROJECT:  # the name of the folder that is about to be made
            return "{{ cookiecutter.project_slug if cookiecutter | check_answers }}"
        if name is not None or source in self._own or source in self._paths:
            return source
        # Folders arrive as absolute paths, of which the template's part is the end.
        for path in self._paths if os.path.isabs(source) else ():
            above = source.removesuffix(os.sep + path)
            if above != source and os.path.isdir(above):
                return literal(above + os.sep) + path
        return literal(source)


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
    template, questions = read_template(), read_questions()
    problems, corrected = review(answers, template)
    for key, source in template.derived.items():
        made = environment.from_string(source)
        given = {k: str(answers.get(k, "")) for k in template.defaults}
        if key in answers and answers[key] != made.render(cookiecutter=given):
            reason = f"{answers[key]!r} does not follow from the other answers"
            problems.append(Problem(key, reason, "leave it out"))
    own = [key for key in questions if key[0] == "_" and key[:2] != "__"]
    for key in (*own, *FOREIGN_SETTINGS):
        if answers.get(key, questions.get(key)) != questions.get(key):
            reason = "is for the template to set, not an answer"
            problems.append(Problem(key, reason, "leave it out"))
    if problems:
        folder = str(answers.get("_template", ROOT))
        print(message(problems, corrected, folder), file=sys.stderr)
        raise SystemExit(1)
    return "yes"


def message(problems: list[Problem], corrected: Mapping[str, str], folder: str) -> str:
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


def project_files(answers: Mapping[str, Any]) -> str:
    """List the files that a project can have from the template, a line each."""
    folder = ROOT / PROJECT
    files = [path for path in template_paths() if (folder / path).is_file()]
    listed = "\n".join(sorted(files)).replace(os.sep, "/")
    for key in ("project_slug", "package_name"):
        listed = listed.replace("{{cookiecutter.%s}}" % key, answers[key])
    return listed


def literal(text: str) -> str:
    """Return a Jinja expression that prints exactly this text."""
    # Jinja decodes its strings like Python does; JSON's escapes are a subset of that.
    return "{{ " + json.dumps(text, ensure_ascii=False) + " }}"


@lru_cache
def read_questions() -> dict[str, Any]:
    """Read cookiecutter.json.

    The answers do not tell what is allowed: they may hold `_choices` of their own.
    """
    text = (ROOT / "cookiecutter.json").read_text(encoding="utf-8")
    questions: dict[str, Any] = json.loads(text)
    return questions


@lru_cache
def read_template() -> Template:
    """Read the questions, their choices and the names of what the project installs."""
    questions = read_questions()
    public = {k: v for k, v in questions.items() if not k.startswith("_")}
    asked = ("__prompts__", "__checked")
    derived = {k: v for k, v in questions.items() if k[:2] == "__" and k not in asked}
    names = (ROOT / "answers" / "distributions.txt").read_text(encoding="utf-8")
    return Template(public, questions["_choices"], derived, frozenset(names.split()))


def own_strings() -> Iterator[str]:
    """Yield every string of cookiecutter.json and the text of every hook."""
    pending: list[Any] = [read_questions()]
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


@lru_cache
def template_paths() -> list[str]:
    """List every path below the project's folder, as cookiecutter does."""
    return [
        os.path.relpath(os.path.join(folder, name), ROOT / PROJECT)
        for folder, folders, files in os.walk(ROOT / PROJECT)
        for name in (*folders, *files)
    ]


def forget_imports() -> None:
    """Let the next environment import this code anew.

    `cruft update` renders two commits of the template in one process and one folder, and
    the newer one must not be rendered by the older one's code. Bytecode goes too: a
    checkout can be quicker than the seconds that Python compares.
    """
    for name, module in list(sys.modules.items()):
        source = Path(getattr(module, "__file__", None) or "/")
        if name.split(".")[0] in ("local_extensions", "answers") and ROOT in source.parents:
            del sys.modules[name]
            Path(cache_from_source(str(source))).unlink(missing_ok=True)
    importlib.invalidate_caches()
