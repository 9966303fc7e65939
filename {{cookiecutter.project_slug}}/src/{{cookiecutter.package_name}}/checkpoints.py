"""What an interrupted training leaves behind, so that it can go on.

    models/<name>/.unfinished/<run>/00007/model.*       weights and optimizer
                                          state.json    epoch, history, settings, data,
                                                        hashes of the other files

An epoch's folder is written under a temporary name and renamed, so it is whole or
absent. A training removes its own run when its model is finished; a run that was
stopped stays until `--resume` takes it up.
"""

import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from .config import ProjectError
from .contents import differences, hashes, names
from .files import write_json

logger = logging.getLogger(__name__)

FOLDER = ".unfinished"
STATE_FILE = "state.json"


class ResumeError(ProjectError):
    """There is nothing to resume, it is damaged, or made with other settings."""


@dataclass
class State:
    """How far a training is.

    Attributes:
        identity: What decides the result: the settings and the data's fingerprint.
        epoch: Epochs done.
        history: One value an epoch for each metric.
    """

    identity: dict[str, Any]
    epoch: int = 0
    history: dict[str, list[float]] = field(default_factory=dict)


@dataclass
class Saved(State):
    """A state, and the SHA-256 of each file that was saved with it."""

    files: dict[str, str] = field(default_factory=dict)


SAVED = TypeAdapter(Saved)


class Run:
    """The checkpoints of one training."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made with the first checkpoint."""
        self.folder = folder

    @classmethod
    def new(cls, model_dir: Path) -> "Run":
        """Return a run of its own for a training that starts now."""
        started = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        return cls(model_dir / FOLDER / f"{started}-{os.getpid()}")

    @classmethod
    def unfinished(cls, model_dir: Path) -> list["Run"]:
        """Return the runs that have a checkpoint, the newest last."""
        runs = [cls(folder) for folder in sorted((model_dir / FOLDER).glob("*"))]
        return [run for run in runs if run.epochs()]

    def epochs(self) -> list[int]:
        """Return the epochs there is a checkpoint of, in order."""
        return sorted(
            int(path.name) for path in self.folder.glob("*") if path.name.isdecimal()
        )

    def save(self, state: State, write_model: Callable[[Path], None]) -> None:
        """Keep an epoch, then drop the ones before it.

        Args:
            state: How far the training is.
            write_model: Called with the folder to write the model into.
        """
        target = self.folder / f"{state.epoch:05d}"
        temporary = self.folder / f".{target.name}"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        write_model(temporary)
        files = hashes(temporary)
        write_json(temporary / STATE_FILE, {**vars(state), "files": files})
        temporary.rename(target)
        for epoch in self.epochs()[:-1]:
            shutil.rmtree(self.folder / f"{epoch:05d}")

    def load(self, identity: dict[str, Any]) -> tuple[State, Path]:
        """Return the newest state and the folder of its model.

        Raises:
            ResumeError: If it was made with other settings or other data, or a file is
                not the one that was saved.
        """
        folder = self.folder / f"{self.epochs()[-1]:05d}"
        saved = self.read(folder)
        state = State(saved.identity, saved.epoch, saved.history)
        changed = [
            f"{key} was {state.identity.get(key)!r} and is now {value!r}"
            for key, value in identity.items()
            if state.identity.get(key) != value
        ]
        if changed:
            raise ResumeError(
                f"the unfinished training differs: {'; '.join(changed)}. "
                "Resume with the same settings, or train without --resume"
            )
        return state, folder

    def read(self, folder: Path) -> Saved:
        """Return what was noted of a checkpoint, if its files are those of then.

        Raises:
            ResumeError: If they are not.
        """
        try:
            saved = SAVED.validate_json((folder / STATE_FILE).read_bytes())
        except (OSError, ValidationError) as error:
            raise self.damaged(f"{folder / STATE_FILE}: {error}") from error
        found = names(folder) - {STATE_FILE}
        added = found - saved.files.keys()
        for difference in differences(folder, saved.files, found, added):
            raise self.damaged(difference)
        return saved

    def damaged(self, why: str) -> ResumeError:
        """Return the error for a checkpoint that is not to be used."""
        return ResumeError(
            f"{why}; nothing of it is loaded. Remove {self.folder} and train again"
        )

    def remove(self) -> None:
        """Remove the checkpoints: the training has finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.parent.is_dir() and not any(self.folder.parent.iterdir()):
            self.folder.parent.rmdir()


def newest_unfinished(model_dir: Path) -> Run:
    """Return the unfinished run that was started last.

    Raises:
        ResumeError: If there is none.
    """
    runs = Run.unfinished(model_dir)
    if not runs:
        raise ResumeError(
            f"nothing to resume below {model_dir / FOLDER}; train without --resume"
        )
    return runs[-1]
