"""What is started before scikit-learn and pandas are imported.

This module must stay quick to import: `--help` reads it, and waits for nothing else.
"""

from multiprocessing import forkserver, get_all_start_methods, get_context
from multiprocessing.context import BaseContext
from pathlib import Path

from .config import Settings
from .settings import DataSettings, TrainSettings

MEGABYTE = 2**20
# What the workers of a large table need, and no more: they wait for these.
NEEDED = [f"{__package__}.{name}" for name in ("checks", "streaming", "workers")]


def prepare(settings: Settings) -> None:
    """Let the workers of a large table import while this process does.

    Args:
        settings: Those of the command; only a training may need workers at once.
    """
    if not isinstance(settings, TrainSettings) or settings.workers == 1:
        return
    file = Path(settings.data)
    if file.is_file() and is_large(file, settings):
        start_method()


def is_large(path: Path, settings: DataSettings) -> bool:
    """Return whether a file is to be read in chunks."""
    return path.stat().st_size > settings.in_memory_mb * MEGABYTE


def start_method() -> BaseContext:
    """Return how processes start: as copies of a clean one that imports for all.

    Not as copies of this one, whose threads (Arrow's, BLAS') no copy would have.
    Windows copies none, so there each imports for itself.
    """
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(NEEDED)
    forkserver.ensure_running()  # imports while this process does something else
    return context
