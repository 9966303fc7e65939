"""What to do when there will be no project: answers refused, a run stopped or failed.

Cookiecutter leaves what it has written when the disk is full or somebody presses
Ctrl-C, and that looks like a project; the answers are gone. Here a half-made project
is removed, and the answers are shown as a command. Only a run of the `cookiecutter`
command is looked after: a program that calls cookiecutter keeps its own handlers.
"""

import atexit
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from types import FrameType, TracebackType
from typing import Any

from answer_checks import Problem, Template, review
from callers import outwards

# How far a run is: at its questions, at the folder's name, at the files; or the user
# has been told why it ends.
ASKING, NAMED, WRITING, TOLD = range(4)
_FITTING = "(add the options you gave, such as --output-dir)"


def command(folder: str, answers: Mapping[str, str], *options: str) -> str:
    """Write a command that gives these answers, for the terminal.

    Args:
        folder: where cookiecutter finds the template.
        answers: usable answers by key.
        *options: options of cookiecutter.
    """
    words = ["cookiecutter", folder, *options]
    words += [f"{key}={value}" for key, value in answers.items()]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def message(problems: list[Problem], corrected: Mapping[str, str], folder: str) -> str:
    """Write the problems and a command that works, for the terminal."""
    return "\n".join(
        [
            "Nothing was created, because some answers cannot be used:",
            *(f"  {problem}" for problem in problems),
            f"A corrected command {_FITTING}:",
            f"  {command(folder, corrected, '--no-input')}",
        ]
    )


class Run:
    """One run of the command: how far it is, and the answers so far."""

    def __init__(self) -> None:
        self.stage = ASKING
        self._answers: Mapping[str, Any] = {}
        self._template: Template | None = None
        self._folder = ""

    def watch(
        self, answers: Mapping[str, Any], template: Template, folder: str
    ) -> None:
        """Remember the answers; from the first call on, look after the run's end.

        Args:
            answers: cookiecutter's own mapping, which grows with each question.
            template: the template's questions.
            folder: where the template is.
        """
        frames = outwards(sys._getframe())
        if self._template is None and any(_is(f, "cookiecutter.cli") for f in frames):
            self._template = template
            atexit.register(self._at_exit)
            self._excepthook, sys.excepthook = sys.excepthook, self._on_error
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, self._on_signal)
                signal.signal(signal.SIGTERM, self._on_signal)
        self._answers = answers
        self._folder = str(answers.get("_template", folder))

    def reach(self, stage: int) -> None:
        """Note how far the run is; it never goes back."""
        self.stage = max(stage, self.stage)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)  # what follows must not be cut short too
        self._tell("Stopped.", *_put_away(outwards(frame)))
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    def _on_error(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        if not isinstance(error, OSError):  # a mistake of ours: somebody has to see it
            self._excepthook(kind, error, trace)
        because = f": {error.__cause__}" if error.__cause__ else ""
        self._tell(f"Error: {error}{because}", *_put_away(_inwards(trace)))

    def _at_exit(self) -> None:
        """Speak up where cookiecutter only says "Aborted!", or that a folder exists."""
        if self.stage in (ASKING, NAMED):
            self._tell("Nothing was created.")

    def _tell(self, *lines: str) -> None:
        print("", *lines, sep="\n", file=sys.stderr)
        if self._template and self._answers:
            _, usable = review(self._answers, self._template)
            given = {key: usable[key] for key in usable if key in self._answers}
            options = [] if self.stage == ASKING else ["--no-input"]
            shown = command(self._folder, given, *options)
            print(
                f"The same answers again {_FITTING}:",
                f"  {shown}",
                sep="\n",
                file=sys.stderr,
            )
        self.reach(TOLD)


def _is(frame: FrameType, module: str) -> bool:
    return bool(frame.f_globals.get("__name__") == module)


def _inwards(trace: TracebackType | None) -> Iterator[FrameType]:
    """Yield the frames that an error went through."""
    while trace:
        yield trace.tb_frame
        trace = trace.tb_next


def _put_away(frames: Iterator[FrameType]) -> Iterator[str]:
    """Remove what was half made, if this run has begun it, and say what is left.

    The project's folder, and whether it may be removed, stand in the variables of the
    function of cookiecutter's that writes the files.
    """
    for frame in frames:
        writing = frame.f_code.co_name == "generate_files"
        known = (
            frame.f_locals if writing and _is(frame, "cookiecutter.generate") else {}
        )
        if "delete_project_on_failure" not in known:
            continue
        project = str(known["project_dir"])
        if not known["delete_project_on_failure"]:
            yield f"{project} is not complete: --overwrite-if-exists completes it."
            return
        try:
            shutil.rmtree(project)
        except OSError as error:
            yield f"{project} is not complete and could not be removed: {error}"
            return
    yield "Nothing was created."


RUN = Run()
