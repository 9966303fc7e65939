"""The settings of the commands that are the same whatever the models are made with.

This module must stay quick to import: `--help` reads it, and waits for nothing else.
"""

from .config import Command
from .serving.settings import ServeSettings

COMMANDS: dict[str, Command] = {
    "serve": Command(ServeSettings, "serving.server:serve", framework=False, log=False),
}
