"""The settings of the commands that are the same whatever the models are made with.

This module must stay quick to import: `--help` reads it, and waits for nothing else.
"""

from .config import Command
from .delivery_settings import DeploySettings, FetchSettings

COMMANDS: dict[str, Command] = {
    "deploy": Command(DeploySettings, "deploy:deploy", framework=False),
    "fetch": Command(FetchSettings, "fetch:fetch", framework=False, log=False),
}
