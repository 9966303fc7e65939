"""Run the snippets of a page of docs/, from top to bottom, in one folder.

    python tests/docs/snippets.py docs/handbook/01-x.md --python PYTHON

All ```python blocks of a page run in one namespace, all ```bash blocks in one
`bash -eu`. A ```text block right after one is what it prints, whole, where `...` is
anything; of an exception, the last line. What must not run is a ```{code-block}. The
page's front matter says whose Python runs it: `environment: scikit-learn`;
`project: true` runs it in the project's folder, otherwise it is an empty one.
"""

import argparse
import contextlib
import doctest
import json
import linecache
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import traceback
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple


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


def run(
    page: Path, python: Path, folder: Path, environment: Mapping[str, str] = os.environ
) -> str:
    """Run a page's snippets by another Python; return "", or what went wrong."""
    path = os.pathsep.join([str(python.absolute().parent), environment["PATH"]])
    done = subprocess.run(
        [python.absolute(), Path(__file__).resolve(), "-"],
        cwd=folder,
        env={**environment, "PATH": path, "PYTHONUTF8": "1"},
        input=json.dumps(snippets(page)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    return done.stdout if done.returncode else ""


class Shell:
    """A bash in which folder, variables and jobs stay, as in a terminal."""

    def __init__(self) -> None:
        """Start it, with a pipe on which it says that it is done."""
        self.says, self.done = os.pipe()
        self.bash = subprocess.Popen(
            ["bash", "-eu"],
            stdin=subprocess.PIPE,
            pass_fds=[self.done],
            encoding="utf-8",
            start_new_session=True,
        )
        os.close(self.done)

    def run(self, code: str, output: str) -> None:
        """Run code, and append what it prints on both streams to a file."""
        assert self.bash.stdin is not None
        streams = f"</dev/null >>{output} 2>&1 {self.done}>&-"
        print(f"eval {shlex.quote(code)} {streams}", file=self.bash.stdin)
        print(f"echo >&{self.done}", file=self.bash.stdin, flush=True)
        if not os.read(self.says, 1):
            raise RuntimeError(f"bash ended with status {self.bash.wait()}")


@contextlib.contextmanager
def printing_to(file: IO[str]) -> Iterator[None]:
    """Send what this process and those that it starts print to a file."""
    before = os.dup(1)
    os.dup2(file.fileno(), 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(before, 1)
        os.close(before)


def execute(snippet: Snippet, main: types.ModuleType, shell: Shell) -> str:
    """Run a snippet; return "", or what went wrong."""
    place, language, code, printed = snippet
    raised = ""
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as file:
        try:
            if language == "bash":
                shell.run(code, file.name)
            else:
                # So that tracebacks and inspect find the source.
                lines = code.splitlines(keepends=True)
                linecache.cache[place] = (len(code), None, lines, place)
                with printing_to(file):
                    exec(compile(code, place, "exec"), vars(main))
        except Exception as error:
            raised = traceback.format_exc()
            if language == "python" and printed is not None:
                file.seek(0, os.SEEK_END)
                file.write(traceback.format_exception_only(error)[-1])
                raised = ""
        file.seek(0)
        got = tidied(file.read())
    wanted = got if printed is None else tidied(printed)
    if raised or not doctest.OutputChecker().check_output(
        wanted, got, doctest.ELLIPSIS
    ):
        return f"{place}: {code}\nexpected:\n{wanted}\ngot:\n{got}\n{raised}"
    return ""


def tidied(text: str) -> str:
    """Return a text without blanks at the ends of lines, or empty lines around it."""
    return "\n".join(map(str.rstrip, text.splitlines())).strip("\n") + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["-"]:
        # Functions of a page can be pickled: __main__ is where pickle looks for them.
        main, shell = types.ModuleType("__main__"), Shell()
        sys.modules["__main__"] = main
        runs = (execute(Snippet(*each), main, shell) for each in json.load(sys.stdin))
        problem = next(filter(None, runs), None)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.bash.pid, signal.SIGKILL)
        sys.exit(problem)
    parser = argparse.ArgumentParser(description="Run the snippets of a page.")
    parser.add_argument("page", type=Path)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--folder", type=Path, help="where; an empty one by default")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        sys.exit(run(asked.page, asked.python, folder) or 0)
