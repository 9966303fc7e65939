"""Files of PyTorch that run code when they are loaded carelessly."""

from collections.abc import Callable
from pathlib import Path

import torch

from {{ cookiecutter.package_name }} import models

Write = Callable[[Path, Path], None]


class Bomb:
    """An object whose pickle makes a file, the canary, when it is read."""

    def __init__(self, canary: Path) -> None:
        """Name the file."""
        self.canary = canary

    def __reduce__(self) -> tuple[object, ...]:
        """Name the function to call, and its arguments."""
        return open, (str(self.canary), "w")


def harmless(file: Path) -> None:
    """Write a model that may be loaded."""
    models.save_model(models.build_mnist_model((2, 2), 3, 4), file.parent)
    (file.parent / models.MODEL_FILE).replace(file)


def in_an_archive(file: Path, canary: Path) -> None:
    """Write a bomb in today's format."""
    torch.save({"sizes": Bomb(canary)}, file)


def in_a_pickle(file: Path, canary: Path) -> None:
    """Write a bomb in the format of before PyTorch 1.6, which is read to this day."""
    content = {"sizes": Bomb(canary)}
    torch.save(content, file, _use_new_zipfile_serialization=False)


def go_off(file: Path) -> None:
    """Load it as one should not."""
    torch.load(file, weights_only=False)


# What goes off, and what would if anybody knew how.
ARMED: dict[str, Write] = {
    "an archive": in_an_archive,
    "an old file": in_a_pickle,
}
OTHERS: dict[str, Write] = {}
