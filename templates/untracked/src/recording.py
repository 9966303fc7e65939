"""What a command tells about its work while it runs: to nobody, as the project is made.

Every training and every promotion passes here; whoever wants to know of them, writes
it into these functions.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .config import Command, Settings

COMMANDS: dict[str, Command] = {}


class RecordSettings(Settings):
    """What can be set about it: nothing."""


class Recorder:
    """What a command tells."""

    def epoch(self, number: int, figures: Mapping[str, float]) -> None:
        """Tell the figures of an epoch, counted from 1."""

    def history(self, values: Mapping[str, list[float]]) -> None:
        """Tell the figures of all epochs so far."""

    def trial(
        self, number: int, parameters: Mapping[str, object], score: float
    ) -> None:
        """Tell of parameters that were tried, and their score."""

    def version(self, folder: Path) -> None:
        """Tell of a version that was saved."""


@contextmanager
def recorded(
    settings: RecordSettings, command: str, data: str, data_sha256: str, run: str = ""
) -> Iterator[Recorder]:
    """Give the recorder of a command's work on a data set."""
    yield Recorder()


def promoted(settings: RecordSettings) -> None:
    """Tell that another version is in production."""
