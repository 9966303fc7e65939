"""The methods side by side: one page, and how far their rankings agree.

    index.html          figures of every method, the agreement and all ranks; one file
    agreement.json      Kendall's tau and Spearman's rho for every two methods
    ranks.csv           importance and rank of each feature by each method

Only what was said of the same rows is compared.
"""

import base64
import json
from dataclasses import dataclass
from html import escape
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from ..files import write_atomically, write_json
from .output import JSON_FILE, write_csv

METHODS = ("shap", "lime", "eli5")
TOP = 5  # how many of the first features are looked for among the other's first
PAGE = "index.html"
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: auto; max-width: 70rem;
       padding: 1rem; }
img { max-width: 100%; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { border: 1px solid #999; padding: 0.2rem 0.6rem; text-align: right; }
td:first-child, th:first-child { text-align: left; }
"""


@dataclass(frozen=True)
class Agreement:
    """How far two methods agree on which features matter.

    Attributes:
        first: A method.
        second: Another one.
        kendall: Kendall's tau-b of their importances, in [-1, 1]; 0 if one of them
            finds all features equal.
        spearman: Spearman's rank correlation, likewise.
        shared: How many features are among the first `TOP` of both.
    """

    first: str
    second: str
    kendall: float
    spearman: float
    shared: int


def read_comparable(folder: Path, method: str) -> dict[str, dict[str, Any]]:
    """Return what the methods said of the rows that one of them has just explained.

    Args:
        folder: That of the methods' folders.
        method: The one whose rows count.

    Returns:
        The content of explanation.json by method, in a fixed order.
    """
    found = {
        name: json.loads((folder / name / JSON_FILE).read_text(encoding="utf-8"))
        for name in METHODS
        if (folder / name / JSON_FILE).is_file()
    }
    rows = found[method]["rows_sha256"], list(found[method]["importance"])
    return {
        name: each
        for name, each in found.items()
        if (each["rows_sha256"], list(each["importance"])) == rows
    }


def agreements(found: dict[str, dict[str, Any]]) -> list[Agreement]:
    """Compare every two methods."""
    values = {
        name: np.array(list(each["importance"].values()))
        for name, each in found.items()
    }
    return [
        Agreement(
            first,
            second,
            correlation(stats.kendalltau, values[first], values[second]),
            correlation(stats.spearmanr, values[first], values[second]),
            len(top(values[first]) & top(values[second])),
        )
        for first, second in combinations(values, 2)
    ]


def correlation(function: Any, first: Any, second: Any) -> float:
    """Return a rank correlation; 0 where one side ranks nothing."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(function(first, second).statistic)


def top(values: Any) -> set[int]:
    """Return the numbers of the most important features."""
    return set(np.argsort(-values, kind="stable")[:TOP].tolist())


def ranks(values: Any) -> list[int]:
    """Return the rank of each feature, 1 for the most important one."""
    order = np.argsort(-values, kind="stable")
    return [int(rank) for rank in np.argsort(order) + 1]


def write_comparison(folder: Path, method: str) -> tuple[Path, list[Agreement]]:
    """Write the page and the tables that compare the methods.

    Args:
        folder: That of the methods' folders.
        method: The one that has just been run.

    Returns:
        The page and the agreements.
    """
    found = read_comparable(folder, method)
    pairs = agreements(found)
    features = list(found[method]["importance"])
    header = ["feature"]
    columns: list[list[Any]] = [features]
    for name, each in found.items():
        values = list(each["importance"].values())
        header += [f"{name}_importance", f"{name}_rank"]
        columns += [values, ranks(np.array(values))]
    lines = list(zip(*columns, strict=True))
    write_csv(folder / "ranks.csv", header, lines)
    content = {
        "rows_sha256": found[method]["rows_sha256"],
        "methods": list(found),
        "agreement": [vars(pair) for pair in pairs],
    }
    write_json(folder / "agreement.json", content)
    lines.sort(key=lambda line: min(line[2::2]))
    write_atomically(folder / PAGE, page(folder, found, pairs, header, lines))
    return folder / PAGE, pairs


def page(
    folder: Path,
    found: dict[str, dict[str, Any]],
    pairs: list[Agreement],
    header: list[str],
    lines: list[tuple[Any, ...]],
) -> str:
    """Return the page; the figures are in it, so that it can be sent as it is."""
    first = next(iter(found.values()))
    title = escape(f"What {first['model']} goes by")
    parts = [
        f"<p>{first['rows']} rows of {escape(first['data'])}. A feature is important "
        "to a model, not to the world: what is not in the data is not here.</p>",
        "<h2>Agreement</h2>",
        (
            html_table(
                [
                    "methods",
                    "Kendall's tau",
                    "Spearman's rho",
                    f"shared of first {TOP}",
                ],
                [
                    (
                        f"{pair.first}, {pair.second}",
                        f"{pair.kendall:.2f}",
                        f"{pair.spearman:.2f}",
                        pair.shared,
                    )
                    for pair in pairs
                ],
            )
            if pairs
            else "<p>Run another method on the same rows to compare it.</p>"
        ),
    ]
    for name, each in found.items():
        parts += [
            f"<h2>{name}</h2>",
            f"<p>Of a row: {escape(each['how'])}; in {escape(each['unit'])}. "
            f"Importance: {escape(each['importance_how'])}.</p>",
            image(folder / name / "importance.svg", f"{name}: importance"),
            image(folder / name / "rows.svg", f"{name}: the first rows"),
        ]
    shown = [
        [f"{cell:.4g}" if isinstance(cell, float) else cell for cell in line]
        for line in lines
    ]
    parts += ["<h2>All features</h2>", html_table(header, shown)]
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n"
        + "\n".join(parts)
        + "\n</html>\n"
    )


def html_table(header: list[str], lines: Any) -> str:
    """Return a table in HTML."""
    rows = ["".join(f"<th>{escape(str(cell))}</th>" for cell in header)]
    rows += [
        "".join(f"<td>{escape(str(cell))}</td>" for cell in line) for line in lines
    ]
    return "<table>" + "".join(f"<tr>{row}</tr>\n" for row in rows) + "</table>"


def image(path: Path, text: str) -> str:
    """Return an SVG file as an image inside the page."""
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<img alt="{escape(text)}" src="data:image/svg+xml;base64,{content}">'
