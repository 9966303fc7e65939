"""What turned out to be true of rows: a CSV file that came later.

Its columns are `row` and `label`; for a request log, `request` too. The rows are
numbered as `predict` does, or as they were in the request, from 0. Others may lack.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from .drift import Array
from .reference import WatchError

Key = tuple[str, int]  # the id of a request, "" for a file; and a row
Labels = Mapping[Key, str]


def read_labels(path: Path, of_log: bool) -> Labels:
    """Read what is true of some rows.

    Args:
        path: The CSV file.
        of_log: Whether the rows are those of a request log.

    Raises:
        WatchError: If the file cannot be read, or lacks a column.
    """
    wanted = ("request", "row", "label") if of_log else ("row", "label")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.DictReader(file)
            missing = [name for name in wanted if name not in (lines.fieldnames or ())]
            if missing:
                raise WatchError(
                    f"{path}: no column {', '.join(missing)}; it needs "
                    f"{', '.join(wanted)}"
                )
            return {
                (line["request"] if of_log else "", int(line["row"])): line["label"]
                for line in lines
            }
    except WatchError:
        raise
    except (OSError, ValueError, TypeError) as error:
        raise WatchError(f"{path}: {error}") from error


def encoded(
    labels: Labels, keys: Sequence[Key], classes: tuple[str, ...], where: Path
) -> tuple[Array, Array]:
    """Find the rows that have labels.

    Args:
        labels: What is true of rows, also of others.
        keys: Which rows there are.
        classes: The name of each class; none for a regression.
        where: Where the labels are from.

    Returns:
        The places of these rows in `keys`, and their labels: int64 numbers of classes,
        or float64.

    Raises:
        WatchError: If no row has a label, or a label is no class or no number.
    """
    places = [place for place, key in enumerate(keys) if key in labels]
    if not places:
        raise WatchError(
            f"{where} has no label for any of the {len(keys)} rows, such as {keys[0]}"
        )
    texts = [labels[keys[place]] for place in places]
    codes = {name: number for number, name in enumerate(classes)}
    try:
        if classes:
            return np.array(places), np.array([codes[text] for text in texts])
        return np.array(places), np.array([float(text) for text in texts])
    except (KeyError, ValueError) as error:
        wanted = f"one of {', '.join(classes)}" if classes else "a number"
        raise WatchError(f"{where}: a label must be {wanted}: {error}") from error
