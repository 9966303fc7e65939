"""The command line: one table says what every command is.

Yours: a new command is a function that takes its settings, the class of these settings
(see config.py), and a line of `COMMANDS`. The code of a command is imported when it
runs, so that `--help` waits for no framework. To do without an extra, delete its lines
here, and its folder.
"""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from importlib import metadata
from pkgutil import resolve_name
from types import FrameType

from .config import ProjectError, Settings, load_settings, set_up_logging

logger = logging.getLogger(__name__)

PROGRAM = "{{ cookiecutter.project_slug }}"
BROKEN_PIPE = 128 + 13  # what a shell reports of a program that SIGPIPE has ended

#% if "track" in cookiecutter.__extras
# Commands after which MLflow is sent what is new, and actions of `registry`.
TRACKED = {"train", "tune", "retrain", "promote", "rollback"}

#% endif
# The code of each command and its settings, whose docstring is its help.
COMMANDS = {
    #% if cookiecutter.__data_kind == "tabular"
    "schema": ("commands:schema", "config:SchemaSettings"),
    "tune": ("tuning:tune", "config:TuneSettings"),
    #% endif
    "train": ("commands:train", "config:TrainSettings"),
    "evaluate": ("commands:evaluate", "config:EvaluateSettings"),
    "predict": ("commands:predict", "config:PredictSettings"),
    "export": ("export:export", "config:ExportSettings"),
    "registry": ("registry:registry", "config:RegistrySettings"),
    #% if "serve" in cookiecutter.__extras
    "serve": ("serving.server:serve", "serving.settings:ServeSettings"),
    "fetch": ("serving.fetch:fetch", "serving.settings:FetchSettings"),
    #% endif
    #% if "explain" in cookiecutter.__extras
    "explain": ("explaining.command:explain", "explaining:ExplainSettings"),
    #% endif
    #% if "report" in cookiecutter.__extras
    "report": ("reporting.command:report", "reporting:ReportSettings"),
    #% endif
    #% if "monitor" in cookiecutter.__extras
    "monitor": ("monitoring.command:monitor", "monitoring:MonitorSettings"),
    "retrain": ("monitoring.retrain:retrain", "monitoring:RetrainSettings"),
    #% endif
    #% if "track" in cookiecutter.__extras
    "tracking": ("tracking:tracking", "tracking:TrackingSettings"),
    #% endif
}


#% if "ray" in cookiecutter.__extras
# These have an option --ray.
#% if cookiecutter.__data_kind == "tabular"
COMMANDS["tune"] = ("scaling.command:tune", "scaling.command:TuneSettings")
#% endif
COMMANDS["train"] = ("scaling.command:train", "scaling.command:TrainSettings")
COMMANDS["predict"] = ("scaling.command:predict", "scaling.command:PredictSettings")


#% endif
def all_settings() -> dict[str, type[Settings]]:
    """Import the settings of every command: quick, as their modules import no more."""
    return {
        name: resolve_name(f"{__package__}.{settings}")
        for name, (_, settings) in COMMANDS.items()
    }


def run_command(name: str, arguments: Sequence[str]) -> int:
    """Read a command's settings, set logging up and run the command.

    Returns:
        The exit status: a number that the command returns, which is no error but an
        answer, as `monitor` has one; 0 for anything else.
    """
    settings = load_settings(all_settings()[name], arguments, f"{PROGRAM} {name}")
    set_up_logging(settings)
    logger.debug("%s with %s", name, settings.model_dump(mode="json"))
    function = resolve_name(f"{__package__}.{COMMANDS[name][0]}")
    #% if "track" in cookiecutter.__extras
    if {name, getattr(settings, "action", name)} & TRACKED:
        function = resolve_name(f"{__package__}.tracking:tracked")(settings)(function)
    #% endif
    result = function(settings)
    return result if isinstance(result, int) else 0


def stop(number: int, frame: FrameType | None) -> None:
    """Leave as Ctrl-C does: whatever is half done is put away on the way out."""
    raise KeyboardInterrupt(number)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; without a command, train a model and evaluate it.

    Args:
        arguments: The arguments; those of the process if not given.

    Returns:
        The exit status: 0, or the one that the command answers with; 2 if something was
        refused; 128 plus the signal that stopped it, or that a closed pipe stands for.
    """
    description = metadata.metadata(PROGRAM)["Summary"]
    if "%(prog)" in description:  # then argparse formats it
        description = description.replace("%", "%%")
    about = f"Options of a command: {PROGRAM} COMMAND --help. Without: train, evaluate."
    parser = argparse.ArgumentParser(PROGRAM, None, description, about)
    version = metadata.version(PROGRAM)
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, settings in all_settings().items():
        commands.add_parser(name, help=settings.__doc__, add_help=False)
    chosen, rest = parser.parse_known_args(arguments)
    if rest and not chosen.command:
        parser.error(f"a command must come before {' '.join(rest)}")
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        for name in [chosen.command] if chosen.command else ["train", "evaluate"]:
            status = run_command(name, rest)
        sys.stdout.flush()
    except BrokenPipeError:  # who read the output has stopped, as `head` does
        # Python would say so once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt as stopped:
        print("stopped; nothing half written is left", file=sys.stderr)
        return 128 + (stopped.args[0] if stopped.args else signal.SIGINT)
    except ModuleNotFoundError as error:
        print(f"{PROGRAM} {name}: {error}; `make setup` installs it", file=sys.stderr)
        return 2
    except (ProjectError, OSError) as error:
        logger.debug("stopped by", exc_info=error)
        print(f"{PROGRAM} {name}: {error}", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    raise SystemExit(main())
