"""The template's Jinja extension: it checks the answers and quotes them.

Cookiecutter loads it because cookiecutter.json lists it under `_extensions`. Three
things have to hold however the answers arrive (prompt, `key=value`, a config file, a
replay file, cruft), so they are done here and there is no pre_gen hook: when that one
runs, the target folder exists already, and `--accept-hooks no` skips it.

1. An answer is data. `preprocess` makes a literal of every string that is not the
   template's own, so `{{ }}` in an answer is never evaluated.
2. A bad answer is refused before anything is written: once by the private question
   `__checked`, the last one, and once more by the target folder's name, for answers
   that were never asked for (`--replay-file`). That name is `checked`'s to give:
   where this extension is not loaded, there is none, and nothing is written.
3. An answer is pasted into a file through a filter of answer_filters.py.

A file that depends on one choice alone comes whole from templates/, through `variant`.
What is said when a run is refused or stopped is in unfinished.py.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import Environment, pass_context, pass_environment
from jinja2.ext import Extension
from jinja2.runtime import Context

import answer_filters
from answer_checks import Problem, Template, review
from callers import is_new
from files_by_choice import CONDITIONS, is_needed, unchosen_files
from fresh_import import import_anew, state_of
from quick_templates import skip_compiler
from skipped_files import refuse_losses
from unfinished import ASKING, NAMED, RUN, TOLD, WRITING, message

ROOT = Path(__file__).resolve().parent
IMPORTED = state_of(ROOT)
# What cookiecutter heeds and the template does not set.
FOREIGN_SETTINGS = ("_jinja2_env_vars", "_new_lines")


class AnswersExtension(Extension):
    """Adds the filters, the check and the literal answers to an environment."""

    def __new__(cls, environment: Environment) -> "AnswersExtension":
        """Make an extension of the code that is on disk: see fresh_import.py."""
        if state_of(ROOT) == IMPORTED:
            return super().__new__(cls)
        newest: AnswersExtension = import_anew(__name__, ROOT).AnswersExtension(
            environment
        )
        return newest

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        filters = [check_answers, is_new, unchosen_files, variant, *answer_filters.ALL]
        environment.filters.update({made.__name__: made for made in filters})
        environment.globals["checked"] = checked
        environment.finalize = watch
        self._delimiters = (
            environment.variable_start_string,
            environment.block_start_string,
            environment.comment_start_string,
        )
        self._own, self._paths = own_sources(ROOT)
        skip_compiler(environment, watch, self._is_own)
        leave_out_unchosen(environment)

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
        if name is not None or self._is_own(source):
            return source
        above, path = self._split(source)
        return literal(above) + path

    def _is_own(self, source: str) -> bool:
        """Whether a string is the template's own, or holds no Jinja of others."""
        return source in self._own or not self._has_jinja(self._split(source)[0])

    def _split(self, source: str) -> tuple[str, str]:
        """Split off one of the template's paths: folders arrive as absolute paths."""
        for path in self._paths if os.path.isabs(source) else ():
            above = source.removesuffix(os.sep + path)
            if above != source and os.path.isdir(above):
                return above + os.sep, path
        return source, ""

    def _has_jinja(self, text: str) -> bool:
        return any(delimiter in text for delimiter in self._delimiters)


@pass_context
def checked(context: Context, slug: str) -> str:
    """Return the name of the project's folder, or stop.

    Args:
        context: holds all answers.
        slug: the one that names the folder.

    Raises:
        SystemExit: with status 1 and a message, when an answer cannot be used or a
            file of the user's would be lost.
    """
    answers = context["cookiecutter"]
    RUN.watch(answers, read_template(ROOT), str(ROOT))
    check_answers(context.environment, answers)
    RUN.reach(NAMED)
    (project,) = ROOT.glob("{{*cookiecutter*}}")
    refuse_losses(project, read_questions(ROOT)["_copy_without_render"], answers)
    return slug


@pass_context
def watch(context: Context, value: Any) -> Any:
    """Remember the answers given so far; called with every value that is printed.

    Args:
        context: what the template is rendered with.
        value: what is about to be printed.

    Returns:
        The value.
    """
    answers = context.get("cookiecutter")
    if RUN.stage == ASKING and isinstance(answers, Mapping):
        RUN.watch(answers, read_template(ROOT), str(ROOT))
    return value


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
    template = read_template(ROOT)
    problems, corrected = review(answers, template)
    for key, source in template.derived.items():
        made = environment.from_string(source)
        given = {k: str(answers.get(k, "")) for k in template.defaults}
        if key in answers and answers[key] != made.render(cookiecutter=given):
            reason = f"{answers[key]!r} does not follow from the other answers"
            problems.append(Problem(key, reason, "leave it out"))
    problems += [
        Problem(key, "is for the template to set, not an answer", "leave it out")
        for key in changed_settings(answers, read_questions(ROOT))
    ]
    if problems:
        folder = str(answers.get("_template", ROOT))
        print(message(problems, corrected, folder), file=sys.stderr)
        RUN.reach(TOLD)
        raise SystemExit(1)
    return "yes"


def changed_settings(
    answers: Mapping[str, Any], questions: Mapping[str, Any]
) -> list[str]:
    """Name cookiecutter's settings that are not those of the template.

    A configuration or a record of answers can hold some, also by accident: a record
    lists the files that were copied by the version of the template that wrote it.
    """
    own = [key for key in questions if key[0] == "_" and key[:2] != "__"]
    expected = {key: questions.get(key) for key in (*own, *FOREIGN_SETTINGS)}
    return [key for key in expected if answers.get(key, expected[key]) != expected[key]]


@pass_context
def variant(context: Context, choice: object, pattern: str) -> str:
    """Return what a file below templates/ renders to, as `include` does.

    A filter, since `include` would have to be compiled: see quick_templates.py.

    Args:
        context: what the including file is rendered with.
        choice: the answer that says which file; "none" has no files.
        pattern: the file's path below templates/, with slashes, and "*" for the choice.

    Returns:
        The whole text; nothing for "none".

    Raises:
        TemplateNotFound: when there is no such file, or its path leads elsewhere.
    """
    if choice == "none":
        return ""
    name = pattern.replace("*", str(choice))
    return context.environment.get_template(name).render(context.get_all())


class PathByChoice:
    """The path of a file that is rendered for some choices only."""

    def __init__(self, name: str, template: jinja2.Template) -> None:
        """Keep the file's name in the template, and what renders its path."""
        self.name = name
        self.template = template

    def render(self, **context: Any) -> str:
        """Return the path, or nothing: cookiecutter passes over such a file."""
        answers = context["cookiecutter"]
        return self.template.render(**context) if is_needed(self.name, answers) else ""


def leave_out_unchosen(environment: Environment) -> None:
    """Let the paths of files that no choice needs render to nothing.

    Except those that are copied as they are, which the hook removes: cookiecutter
    does not look at their paths.
    """
    from_string = environment.from_string
    copied = read_questions(ROOT)["_copy_without_render"]
    by_choice = {
        name
        for name in CONDITIONS
        if not any(fnmatch(name, pattern) for pattern in copied)
    }

    def path_by_choice(source: str, *args: Any, **options: Any) -> Any:
        if RUN.stage == NAMED:
            RUN.reach(WRITING)
        template = from_string(source, *args, **options)
        name = source.replace(os.sep, "/")
        return PathByChoice(name, template) if name in by_choice else template

    vars(environment).update(from_string=path_by_choice)


def literal(text: str) -> str:
    """Return a Jinja expression that prints exactly this text."""
    # Jinja decodes its strings like Python does; JSON's escapes are a subset of that.
    return "{{ " + json.dumps(text, ensure_ascii=False) + " }}"


# Cookiecutter makes three environments for one project, and answers are checked twice.
@lru_cache
def read_template(root: Path) -> Template:
    """Read the questions, their choices and the names of what the project installs.

    The allowed values come from the file, not from the answers: those may hold a
    `_choices` of their own.

    Args:
        root: the folder that holds cookiecutter.json and distributions.txt.

    Returns:
        The template's own data.
    """
    questions = read_questions(root)
    public = {k: v for k, v in questions.items() if not k.startswith("_")}
    asked = ("__prompts__", "__checked")
    derived = {k: v for k, v in questions.items() if k[:2] == "__" and k not in asked}
    installed = (root / "distributions.txt").read_text(encoding="utf-8").split()
    return Template(public, questions["_choices"], derived, frozenset(installed))


@lru_cache
def read_questions(root: Path) -> dict[str, Any]:
    """Read cookiecutter.json."""
    text = (root / "cookiecutter.json").read_text(encoding="utf-8")
    questions: dict[str, Any] = json.loads(text)
    return questions


@lru_cache
def own_sources(root: Path) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the strings that are templates, and which of them are paths."""
    paths = tuple(path for path in template_paths(root) if "{" in path)
    return frozenset({*own_strings(root), *paths}), paths


def own_strings(root: Path) -> Iterator[str]:
    """Yield every string of cookiecutter.json and the text of every hook."""
    pending: list[Any] = [read_questions(root)]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            pending += item
    for hook in root.glob("hooks/*.py"):
        yield hook.read_text(encoding="utf-8")


def template_paths(root: Path) -> Iterator[str]:
    """Yield the project folder's name and every path below it, as cookiecutter does."""
    for project in root.glob("{{*cookiecutter*}}"):
        yield project.name
        for folder, folders, files in os.walk(project):
            for name in (*folders, *files):
                yield os.path.relpath(os.path.join(folder, name), project)
