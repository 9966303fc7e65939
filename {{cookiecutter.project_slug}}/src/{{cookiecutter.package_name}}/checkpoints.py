"""A training that can be stopped: its checkpoints, and how it goes on.

A checkpoint is a version, hashed as others are, in a folder of its own:
`models/<name>/.unfinished/<run>/<number>/`. Yours: nothing has to change here.
"""

import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from . import models, registry, utils
from .adapter import Inputs
from .config import ConfigError, Settings, TrainSettings
from .files import git_commit, library_versions

logger = logging.getLogger(__name__)

UNFINISHED = ".unfinished"
CHECKPOINT_SECONDS = 2.0  # a training that is stopped loses no more, and an epoch
# Settings that do not decide the result; with others of the rest, nothing is resumed.
IRRELEVANT = {*Settings.model_fields, "data_url", "resume"}


class Run:
    """A training, and its last checkpoint: a version in a folder of its own."""

    def __init__(
        self, settings: TrainSettings, inputs: Inputs, data: utils.Data
    ) -> None:
        """Begin, under a name that no other training has."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{os.getpid()}"
        self.folder = settings.model_dir / UNFINISHED / name
        self.settings = settings
        self.history: dict[str, list[float]] = {}
        self.facts: dict[str, Any] = {  # for the manifest
            "settings": settings.model_dump(mode="json"),
            "seed": settings.seed,
            "dataset": settings.dataset,
            "classes": data.classes,
            "inputs": inputs,
            "data_sha256": utils.data_fingerprint(*data.training),
            "libraries": library_versions(models.LIBRARIES),
            "git_commit": git_commit(),
        }
        self.saved_at = time.monotonic()

    def load(self) -> Any:
        """Go on with the newest unfinished training, and return its model.

        Raises:
            ConfigError: If there is none, or other settings or data would go on.
        """
        where = self.folder.parent
        known = [path for path in where.glob("*") if registry.versions(path)]
        if not known:
            raise ConfigError(f"nothing to resume in {where}; train without --resume")
        self.folder = max(known)
        folder, manifest = registry.load_version(self.folder)
        before = {**manifest.settings, "data": manifest.data_sha256}
        now = {**self.facts["settings"], "data": self.facts["data_sha256"]}
        changed = [
            f"{name} was {before.get(name)!r} and is now {value!r}"
            for name, value in now.items()
            if name not in IRRELEVANT and before.get(name) != value
        ]
        if changed:
            raise ConfigError(
                f"the unfinished training differs: {'; '.join(changed)}. Resume with "
                "the same settings, or train without --resume"
            )
        self.history = manifest.history
        return models.load_model(folder)

    def log_epoch(self, model: Any, number: int, figures: Mapping[str, float]) -> None:
        """Remember the figures of an epoch, counted from 1; save it now and then."""
        figures = {name: float(value) for name, value in figures.items()}
        for name, value in figures.items():
            self.history.setdefault(name, []).append(value)
        # The log file has every epoch; ten of them are enough for the terminal.
        epochs = self.settings.epochs
        level = logging.DEBUG if number % max(1, epochs // 10) else logging.INFO
        shown = " ".join(f"{name} {value:.4f}" for name, value in figures.items())
        told = {"epoch": number, "figures": figures}
        logger.log(level, "epoch %d/%d: %s", number, epochs, shown, extra=told)
        if time.monotonic() - self.saved_at >= CHECKPOINT_SECONDS:
            self.save(self.folder, partial(models.save_model, model))
            for older in registry.versions(self.folder)[:-1]:
                shutil.rmtree(self.folder / str(older))
            self.saved_at = time.monotonic()

    def save(
        self, model_dir: Path, write: Callable[[Path], Mapping[str, Any] | None]
    ) -> Path:
        """Save a version: whole or not at all, whatever stops it."""
        metrics = {name: values[-1] for name, values in self.history.items()}
        return registry.save_version(
            model_dir, write, metrics=metrics, history=self.history, **self.facts
        )

    def remove(self) -> None:
        """Remove the checkpoint: the training has finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):  # there was none, or another training is unfinished
            self.folder.parent.rmdir()
