"""What is done after each epoch of a training, whatever the framework."""

import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from tqdm import tqdm

from .checkpoints import Run, State

# Told the number of an epoch, and its loss and metrics.
OnEpoch = Callable[[int, Mapping[str, float]], None]

logger = logging.getLogger(__name__)


class Bookkeeper:
    """After each epoch: remembers the metrics, keeps a checkpoint, shows progress."""

    def __init__(
        self,
        run: Run,
        state: State,
        epochs: int,
        quiet: bool,
        write_model: Callable[[Path], None],
        on_epoch: OnEpoch | None = None,
    ) -> None:
        """Take up the training at the epoch that `state` has reached.

        Args:
            run: Where checkpoints are kept.
            state: How far the training is; brought up to date after every epoch.
            epochs: Passes over the training set in all.
            quiet: Whether to show no progress bar.
            write_model: Called with a folder to write the model into.
            on_epoch: Called after every epoch with its number, counted from 1, and
                its figures.
        """
        self.run = run
        self.state = state
        self.epochs = epochs
        self.write_model = write_model
        self.on_epoch = on_epoch
        show_bar = sys.stderr.isatty() and not quiet
        # Beside a bar, a line an epoch would be noise; the log file has it anyway.
        self.level = logging.DEBUG if show_bar else logging.INFO
        self.bar = tqdm(
            total=epochs, initial=state.epoch, unit="epoch", disable=not show_bar
        )

    def epoch_done(self, figures: Mapping[str, float]) -> None:
        """Do all of it; `figures` holds this epoch's loss and metrics."""
        for name, value in figures.items():
            self.state.history.setdefault(name, []).append(float(value))
        self.state.epoch += 1
        self.run.save(self.state, self.write_model)
        if self.on_epoch:
            self.on_epoch(self.state.epoch, figures)
        shown = {name: f"{value:.4f}" for name, value in figures.items()}
        text = " ".join(f"{name} {value}" for name, value in shown.items())
        logger.log(self.level, "epoch %d/%d: %s", self.state.epoch, self.epochs, text)
        self.bar.set_postfix(shown, refresh=False)
        self.bar.update()

    def __enter__(self) -> Self:
        """Begin; nothing is needed."""
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the bar as it is and go to the next line."""
        self.bar.close()
