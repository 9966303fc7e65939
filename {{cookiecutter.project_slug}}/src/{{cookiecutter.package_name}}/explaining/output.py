"""The files of an explanation: the same names for each method.

<method>/importance.png .svg    how much each feature matters over all rows
         importance.csv         the same as a table
         rows.png .svg          what each feature adds in the first rows
         rows.csv               the same for every row, as a table
         weights.csv            what the model itself holds; not of every method
         explanation.json       what was computed, how, and of what
"""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..files import write_atomically, write_json
from . import pictures
from .explanation import Explanation, IntArray
from .figures import save_figure

JSON_FILE = "explanation.json"


class Subject(Protocol):
    """The rows that were explained."""

    @property
    def numbers(self) -> IntArray: ...
    @property
    def explained_names(self) -> tuple[str, ...]: ...
    @property
    def fingerprint(self) -> str: ...


def write_explanation(
    folder: Path, found: Explanation, subject: Any, facts: dict[str, Any]
) -> None:
    """Write the files of an explanation, replacing those of an earlier one.

    Args:
        folder: That of the method.
        found: The explanation.
        subject: What was explained.
        facts: What else the JSON file shall hold.
    """
    save_figure(pictures.importance_figure(found, subject), folder / "importance")
    save_figure(pictures.rows_figure(found, subject), folder / "rows")
    write_csv(
        folder / "importance.csv",
        ("feature", "importance", "rank"),
        (
            (found.features[number], float(found.importance[number]), rank)
            for rank, number in enumerate(found.order, start=1)
        ),
    )
    write_csv(
        folder / "rows.csv",
        ("row", "explained", "output", "base", *found.features),
        row_lines(found, subject),
    )
    weights = folder / "weights.csv"
    if found.weights:
        write_csv(weights, ("class", "feature", "weight"), found.weights)
    else:
        weights.unlink(missing_ok=True)
    parts = found.contributions
    content = {
        "method": found.method,
        "how": parts.how,
        "unit": parts.unit,
        "importance_how": found.importance_how,
        **facts,
        "rows": len(parts.values),
        "rows_sha256": subject.fingerprint,
        "importance": {
            name: float(value)
            for name, value in zip(found.features, found.importance, strict=True)
        },
    }
    write_json(folder / JSON_FILE, content)


def row_lines(found: Explanation, subject: Subject) -> Iterable[Sequence[object]]:
    """Yield the lines of rows.csv."""
    parts = found.contributions
    for i, (number, explained) in enumerate(
        zip(subject.numbers, subject.explained_names, strict=True)
    ):
        base = "" if parts.base is None else float(parts.base[i])
        values = map(float, parts.values[i])
        yield int(number), explained, float(parts.output[i]), base, *values


def write_csv(
    path: Path, header: Sequence[str], lines: Iterable[Sequence[object]]
) -> None:
    """Write a table as a CSV file; numbers as short as they can be read back."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    write_atomically(path, text.getvalue())
