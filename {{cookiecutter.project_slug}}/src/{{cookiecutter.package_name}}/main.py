"""The command line: reads the settings, sets logging up, runs the command.

What a command does is imported when it runs, so that `--help` waits for no framework.
"""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module, metadata
from types import FrameType

from . import recording, settings, shared_settings
from .backend import prepare
from .config import ProjectError, load_settings
from .logs import LOGGING_CONFIG, set_up_logging
from .settings import WHEN_STOPPED

logger = logging.getLogger(__name__)

PROGRAM = "{{ cookiecutter.project_slug }}"
BROKEN_PIPE = 128 + 13  # what a shell reports of a program that SIGPIPE has ended
COMMANDS = {**settings.COMMANDS, **shared_settings.COMMANDS, **recording.COMMANDS}


def run_command(name: str, arguments: Sequence[str]) -> int:
    """Read a command's settings, set logging up and run the command.

    Returns:
        The exit status: a number that the command returns, which is no error but an
        answer, as `monitor` has one; 0 for anything else.
    """
    command = COMMANDS[name]
    given = load_settings(command.settings, arguments, f"{PROGRAM} {name}")
    if command.framework:
        prepare(given)
    log_file = set_up_logging(
        LOGGING_CONFIG, given.log_dir, given.log_level, given.quiet
    )
    logger.debug("%s with %s", name, given.model_dump(mode="json"))
    module, function = command.function.split(":")
    result = getattr(import_module(f".{module}", __package__), function)(given)
    if command.log:
        print(f"log:     {log_file}")
    return result if isinstance(result, int) else 0


def stop(number: int, frame: FrameType | None) -> None:
    """Leave as Ctrl-C does: whatever is half done is put away on the way out."""
    raise KeyboardInterrupt(number)


def unformatted(text: str) -> str:
    """Return what argparse shows as this text.

    It fills in the program's name, and reads all "%" so, where a text has "%(prog)".
    """
    return text.replace("%", "%%") if "%(prog)" in text else text


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: The arguments; those of the process if not given.

    Returns:
        The exit status: 0, or the one that the command answers with; 2 if something
        was refused; 128 plus the signal that stopped it, or that a closed pipe stands
        for.
    """
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=unformatted(metadata.metadata(PROGRAM)["Summary"]),
        epilog=f"Options of a command: {PROGRAM} COMMAND --help",
    )
    parser.add_argument(
        "--version", action="version", version=metadata.version(PROGRAM)
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.settings.__doc__, add_help=False)
    chosen, rest = parser.parse_known_args(arguments)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        status = run_command(chosen.command, rest)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read the output has stopped, as `head` does. Python would say so once more
        # when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt as stopped:
        number = stopped.args[0] if stopped.args else signal.SIGINT
        print(f"stopped; {WHEN_STOPPED}", file=sys.stderr)
        return 128 + number
    except ProjectError as error:
        print(f"{PROGRAM} {chosen.command}: {error}", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    raise SystemExit(main())
