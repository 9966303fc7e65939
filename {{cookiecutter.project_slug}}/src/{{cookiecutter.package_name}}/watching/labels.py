"""What turned out to be true of rows: a CSV file that came later.

Its columns are `row` and `label`; for a request log, `request` too. The rows are
numbered as `predict` does, or as they were in the request, from 0. Others may lack.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .drift import Array
from .log import Key
from .reference import WatchError


def read_labels(
    path: Path, keys: Sequence[Key], classes: tuple[str, ...]
) -> tuple[Array, Array]:
    """Read what is true of some rows.

    Args:
        path: The CSV file.
        keys: Which rows there are; of a file, the request is "".
        classes: The name of each class; none for a regression.

    Returns:
        The places of the rows in `keys` that are labelled, and their labels: int64
        numbers of classes, or float64.

    Raises:
        WatchError: If the file cannot be read, a label is no class or no number, or
            none is of these rows.
    """
    wanted = ["request", "row", "label"] if any(key for key, _ in keys) else []
    wanted = wanted or ["row", "label"]
    codes = {name: number for number, name in enumerate(classes)}
    places = {key: place for place, key in enumerate(keys)}
    found: dict[int, float] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.DictReader(file)
            missing = set(wanted) - set(lines.fieldnames or ())
            if missing:
                raise WatchError(
                    f"{path}: no column {', '.join(sorted(missing))}; it needs "
                    f"{', '.join(wanted)}"
                )
            for line in lines:
                key = line.get("request", "") if len(wanted) > 2 else "", line["row"]
                label = line["label"]
                if classes and label not in codes:
                    raise WatchError(
                        f"{path}, line {lines.line_num}: {label!r} is no class; the "
                        f"classes are {', '.join(classes)}"
                    )
                place = places.get((key[0], int(key[1])))
                if place is not None:
                    found[place] = codes[label] if classes else float(label)
    except (OSError, ValueError) as error:
        if isinstance(error, WatchError):
            raise
        raise WatchError(f"{path}: {error}") from error
    if not found:
        raise WatchError(f"{path} has no label for any of the {len(keys)} rows")
    kind = np.int64 if classes else np.float64
    return np.array(list(found)), np.array(list(found.values()), dtype=kind)
