"""Run the snippets of a page of docs/, from top to bottom, in one folder.

    python tests/docs/snippets.py docs/handbook/01-x.md --python PYTHON

A ```python block runs in one namespace a page, a ```bash block by `bash -eu`. A
```text block right after one is what it prints, whole, where `...` is anything; of an
exception, the last line. What must not run is a ```{code-block}. The page's front
matter says whose Python runs it: `environment: scikit-learn`; `project: true` runs it
in the project's folder, otherwise it is an empty one.
"""

import argparse
import contextlib
import doctest
import json
import linecache
import os
import subprocess
import sys
import tempfile
import traceback
import types
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple


class Snippet(NamedTuple):
    """A block that runs, and what it prints; None if the page does not say."""

    place: str  # page:line
    language: str
    code: str
    printed: str | None


def snippets(page: Path) -> list[Snippet]:
    """Return the blocks of a page that run."""
    from markdown_it import MarkdownIt  # not in every Python that runs snippets

    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    found = []
    for token, after in zip(tokens, [*tokens[1:], None]):
        if token.type == "fence" and token.info in ("python", "bash"):
            said = after is not None and after.type == "fence" and after.info == "text"
            place = f"{page.name}:{(token.map or [0])[0] + 1}"
            printed = after.content if after and said else None
            found.append(Snippet(place, token.info, token.content, printed))
    return found


def run(page: Path, python: Path, folder: Path) -> str:
    """Run a page's snippets by another Python; return "", or what went wrong."""
    path = os.pathsep.join([str(python.absolute().parent), os.environ["PATH"]])
    done = subprocess.run(
        [python.absolute(), Path(__file__).resolve(), "-"],
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONUTF8": "1"},
        input=json.dumps(snippets(page)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    return done.stdout if done.returncode else ""


@contextlib.contextmanager
def printing_to(file: IO[str]) -> Iterator[None]:
    """Send what this process and those that it starts print to a file."""
    sys.stdout.flush()
    before = os.dup(1)
    os.dup2(file.fileno(), 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(before, 1)
        os.close(before)


def execute(snippet: Snippet, namespace: dict[str, Any]) -> str:
    """Run a snippet; return "", or what went wrong."""
    place, language, code, printed = snippet
    raised = ""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        with printing_to(file):
            try:
                if language == "bash":  # with both streams, as on a terminal
                    bash = ["bash", "-eu", "-c", code]
                    subprocess.run(bash, stderr=subprocess.STDOUT, check=True)
                else:
                    # So that tracebacks and inspect find the source.
                    lines = code.splitlines(keepends=True)
                    linecache.cache[place] = (len(code), None, lines, place)
                    exec(compile(code, place, "exec"), namespace)
            except Exception as error:
                raised = traceback.format_exc()
                if language == "python" and printed is not None:
                    print(traceback.format_exception_only(error)[-1])
                    raised = ""
        file.seek(0)
        got = tidied(file.read())
    wanted = got if printed is None else tidied(printed)
    if doctest.OutputChecker().check_output(wanted, got, doctest.ELLIPSIS):
        return raised and f"{place}: {code}\n{got}\n{raised}"
    return f"{place}: {code}\nexpected:\n{wanted}\ngot:\n{got}"


def tidied(text: str) -> str:
    """Return a text without blanks at the ends of its lines, and at its own."""
    return "\n".join(map(str.rstrip, text.splitlines())).rstrip() + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["-"]:
        # Functions of a page can be pickled: __main__ is where pickle looks for them.
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        runs = (execute(Snippet(*each), vars(main)) for each in json.load(sys.stdin))
        sys.exit(next(filter(None, runs), None))
    parser = argparse.ArgumentParser(description="Run the snippets of a page.")
    parser.add_argument("page", type=Path)
    parser.add_argument("--python", type=Path, default=sys.executable)
    parser.add_argument("--folder", type=Path, help="where; an empty one by default")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        sys.exit(run(asked.page, Path(asked.python), folder) or 0)
