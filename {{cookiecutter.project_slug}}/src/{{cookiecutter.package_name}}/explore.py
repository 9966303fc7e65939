"""A first look at a table: a summary for the terminal, and a page for the browser.

The page is skrub's TableReport: types, missing values, distributions, the balance of
the target, and which columns depend on each other. It needs no network to be shown.
"""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
import skrub

from .files import write_whole
from .schema import Schema

WIDTH = 28  # of a column's name on the terminal


def summarise(frame: pd.DataFrame, schema: Schema) -> str:
    """Return a line for each column of a table, and the target's balance.

    Args:
        frame: Checked, from `checks.check_table`.
        schema: What its columns hold.
    """
    lines = [
        f"{len(frame):,} rows, {frame.shape[1]} columns",
        f"{'column':<{WIDTH}} {'kind':<9} missing  different  values",
    ]
    for name, column in schema.columns.items():
        cells = frame[name]
        lines.append(
            f"{shortened(name):<{WIDTH}} {column.kind:<9} {cells.isna().sum():7,}  "
            f"{cells.nunique():9,}  {described(cells, column.kind)}"
        )
    if schema.task == "classification":
        lines.append(f"classes of {schema.target}:")
        shares = frame[schema.target].value_counts()
        lines += [
            f"  {shortened(str(name)):<{WIDTH}} {count:7,} {count / len(frame):6.1%}"
            for name, count in shares.items()
        ]
    return "\n".join(lines)


def described(cells: "pd.Series[Any]", kind: str) -> str:
    """Return what is typical of a column: its range and mean, or its main texts."""
    if cells.notna().sum() == 0:
        return "none"
    if kind == "number":
        return f"{cells.min():.6g} to {cells.max():.6g}, mean {cells.mean():.6g}"
    if kind == "date":
        first, last = (
            pd.Timestamp(day, unit="D") for day in (cells.min(), cells.max())
        )
        return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
    texts = list(cells.value_counts().index)
    return ", ".join([*(shortened(str(text)) for text in texts[:3]), *others(texts)])


def others(texts: list[object]) -> list[str]:
    """Return what stands for the texts that are not shown."""
    return ["..."] if len(texts) > 3 else []


def shortened(text: str) -> str:
    """Return a text that fits its column on the terminal, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."


def write_report(frame: pd.DataFrame, schema: Schema, title: str, path: Path) -> None:
    """Write the page, whole or not at all; dates as dates again.

    Args:
        frame: Checked, from `checks.check_table`.
        schema: What its columns hold.
        title: What the page is called.
        path: The .html file.
    """
    # It says at every level below that classes such as "1" could be meant as numbers.
    logging.getLogger("matplotlib.category").setLevel(logging.WARNING)
    shown = frame.copy()
    for name, column in schema.columns.items():
        if column.kind == "date":
            shown[name] = pd.to_datetime(shown[name], unit="D")
    report = skrub.TableReport(shown, title=title, verbose=0)
    write_whole(path, report.write_html)
