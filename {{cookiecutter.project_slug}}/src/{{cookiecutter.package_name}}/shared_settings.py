"""The settings of the commands that are the same whatever the models are made with.

This module must stay quick to import: `--help` reads it, and waits for nothing else.
"""

from .config import Command

COMMANDS: dict[str, Command] = {}
