"""The server's request log, and what turned out to be true of its rows, or a file's.

<folder>/2026-11-21.jsonl     what was asked and answered that day (UTC), a line a row
"""

import json
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..adapter import Array
from ..config import DataError
from ..files import careful

ONLY_EMPTY: Any = {"keep_default_na": False, "na_values": [""]}  # "NA" is a name
MOST_LINES = 20_000  # the newest ones; more would take memory, and minutes
COLUMNS = ["time", "request_id", "row", "model", "version", "inputs", "outputs"]


def read_log(folder: Path, model: str, version: int, hours: float) -> pd.DataFrame:
    """Return rows that a version was asked for, the newest first, or a ProjectError."""
    since = pd.Timestamp.now("UTC") - pd.Timedelta(hours=hours)
    days = [day for day in folder.glob("*.jsonl") if day.stem >= f"{since:%Y-%m-%d}"]
    with careful(folder, "remove what is no line of a request log"):
        every = (line for day in sorted(days) for line in day.open("rb"))
        lines = deque(every, MOST_LINES)
        # Of a full disk, half a line may be left.
        told = [json.loads(line) for line in lines if line.endswith(b"}\n")]
        rows = pd.DataFrame(told, columns=COLUMNS)
        rows["time"] = pd.to_datetime(rows["time"], format="ISO8601", utc=True)
    rows = rows.query("model == @model and version == @version and time >= @since")
    if rows.empty:
        problem = f"{folder} has no row of version {version} in the last {hours:g} h"
        raise DataError(f"{problem}; `serve --request-log` writes them")
    return rows.sort_values("time", ascending=False, kind="stable")


def read_labels(path: Path, keys: pd.DataFrame, classes: tuple[str, ...]) -> Array:
    """Return what turned out to be true of rows, float64 (n,); NaN where nobody said.

    Args:
        path: A CSV file with the column `label`, and those of `keys`.
        keys: Which rows there are: `row` in a file; or `request_id` and `row`.
        classes: The name of each class; none for a regression.
    """
    try:
        told = pd.read_csv(path, dtype=str, usecols=[*keys, "label"], **ONLY_EMPTY)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {error}") from error
    told = told.drop_duplicates(list(keys), keep="last")
    texts = keys.astype(str).merge(told, "left", on=list(keys))["label"]
    labels = texts.map({name: float(n) for n, name in enumerate(classes)})
    if not classes:
        labels = pd.to_numeric(texts, errors="coerce")
    if (strange := texts[texts.notna() & labels.isna()]).size:
        wanted = f"one of {', '.join(classes)}" if classes else "a number"
        raise DataError(f"{path}: {strange.iloc[0]!r}: a label must be {wanted}")
    if labels.isna().all():
        raise DataError(f"{path} has no label for any of the {len(keys)} rows")
    return np.asarray(labels, dtype=np.float64)
