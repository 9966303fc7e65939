"""What is kept of the training to compare later rows with: reference.npz.

`export` writes it into the version's folder, where the manifest has its hash. Every
variable is sorted by itself: no row can be read from it, as it goes with the model to
wherever that is served. Single values can; what must not, belongs in no column.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..config import ProjectError
from ..files import write_whole
from ..model_files import careful
from ..registry import Manifest
from .drift import Array, FloatArray, Variables

FILE = "reference.npz"
MOST_ROWS = 5000  # more would find smaller changes than matter


class WatchError(ProjectError):
    """Rows cannot be compared with the training."""


@dataclass(frozen=True)
class Reference:
    """What is known of the rows that a model was trained and tested on.

    Attributes:
        inputs: Variables of training rows.
        outputs: What the exported model says of test rows. On rows that it was trained
            on it is surer than it will ever be again.
        errors: How wrong that was, as `drift.quality_findings` takes it.
    """

    inputs: Variables
    outputs: Variables
    errors: FloatArray


def output_variables(outputs: Array, classes: tuple[str, ...]) -> Variables:
    """Return what is compared of predictions.

    Args:
        outputs: Probabilities (n, classes), or values (n,) or (n, 1).
        classes: The name of each class; none for a regression.
    """
    # A model of trees says the same of many rows. What is the same as float32 is not
    # once it was written to a log and read as float64.
    outputs = outputs.astype(np.float32).astype(np.float64)
    if not classes:
        return {"value": outputs.reshape(-1)}
    names = np.array(classes, dtype=object)
    return {"class": names[outputs.argmax(axis=1)], "probability": outputs.max(axis=1)}


def errors(outputs: Array, labels: Array, classes: tuple[str, ...]) -> FloatArray:
    """Return how wrong each prediction is: 0 or 1, or an absolute error.

    Args:
        outputs: As `output_variables` takes them.
        labels: int64 (n,), the numbers of the classes; or float64 (n,).
        classes: The name of each class; none for a regression.
    """
    if classes:
        return np.asarray(outputs.argmax(axis=1) != labels, dtype=np.float64)
    return np.abs(outputs.reshape(-1).astype(np.float64) - labels)


def write_reference(folder: Path, reference: Reference) -> None:
    """Write the file; the same reference gives the same bytes."""
    arrays: dict[str, Any] = {"errors": np.sort(reference.errors)}
    for part in ("inputs", "outputs"):
        variables: Variables = getattr(reference, part)
        # Names are values here, not keys: they may hold what no file name may.
        arrays[f"{part}_names"] = np.array(list(variables), dtype=str)
        for number, values in enumerate(variables.values()):
            plain = values if values.dtype.kind == "f" else values.astype(str)
            arrays[f"{part}_{number}"] = np.sort(plain)
    write_whole(folder / FILE, lambda path: np.savez_compressed(path, **arrays))


def read_reference(folder: Path, manifest: Manifest) -> Reference:
    """Read the reference of a version.

    Raises:
        WatchError: If it has none; the message says how to make one.
        ModelFileError: If it is damaged, or holds Python objects.
    """
    if FILE not in manifest.files:
        raise WatchError(
            f"{folder} keeps nothing to compare with; run `export --version "
            f"{folder.name}`, which adds it"
        )
    file = folder / FILE
    with careful(file), np.load(file, allow_pickle=False) as arrays:
        return Reference(
            variables(arrays, "inputs"), variables(arrays, "outputs"), arrays["errors"]
        )


def variables(arrays: Mapping[str, Array], part: str) -> Variables:
    """Return the variables of a part of the file."""
    found = {}
    for number, name in enumerate(arrays[f"{part}_names"].tolist()):
        values = arrays[f"{part}_{number}"]
        # Texts of any length, as feeds have them.
        found[name] = values if values.dtype.kind == "f" else values.astype(object)
    return found


def drawn(count: int, most: int, seed: int) -> Array:
    """Return the numbers of at most so many of `count` rows, in their order."""
    return np.sort(np.random.default_rng(seed).permutation(count)[:most])
