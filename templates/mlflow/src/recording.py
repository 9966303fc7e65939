"""What a command tells about its work while it runs: to MLflow, by way of tracking/.

This module must stay quick to import: `--help` reads it, and waits for nothing else.
"""

from .tracking.recorder import Recorder, promoted, recorded
from .tracking.settings import COMMANDS, RecordSettings

__all__ = ["COMMANDS", "RecordSettings", "Recorder", "promoted", "recorded"]
