"""What a report says of a table's rows: hostile names, gaps, large files."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import main

from samples import CITIES, MIXED, QUICK_TRAINING, mixed_table

FEW = ("report", "--bootstrap-samples", "100", "--quiet")
HOSTILE = "<script>alert('age')</script>"


def report_of(project: Path) -> str:
    """Return the page about version 1."""
    path = project / "reports" / "model" / "1" / "report.html"
    return path.read_text(encoding="utf-8")


def test_columns_and_cells_of_any_name_stay_text(project: Path) -> None:
    table = mixed_table().rename(columns={"age": HOSTILE})
    table["city"] = table["city"].replace(CITIES[0], "<img src=x>")
    table["paid"] = table["paid"].replace("yes", "<b>yes</b>")
    table.to_csv("people.csv", index=False)
    assert main.main(["schema", *MIXED]) == 0
    assert main.main(["train", *MIXED, *QUICK_TRAINING, "--quiet"]) == 0
    assert main.main([*FEW, "--worst", "3"]) == 0
    text = report_of(project)
    assert "<script" not in text and "<b>" not in text and "<img src=x" not in text
    assert "&lt;script&gt;alert(&#39;age&#39;)&lt;/script&gt;" in text
    assert "&lt;b&gt;yes&lt;/b&gt;" in text
    card = (project / "reports/model/1/model_card.md").read_text(encoding="utf-8")
    assert "Classes: &lt;b&gt;yes&lt;/b&gt;, no" in card


def test_groups_are_categories_quarters_and_gaps_of_the_rows_that_are_scored(
    mixed: Path,
) -> None:
    assert main.main(["train", *MIXED, *QUICK_TRAINING, "--quiet"]) == 0
    assert main.main([*FEW, "--max-rows", "1000"]) == 0
    text = report_of(mixed.parent)
    slices = text.partition('id="slices"')[2].partition("</section>")[0]
    for name in ("class: yes", "member: True", "city: Köln", "joined: "):
        assert f"<td>{name}" in slices
    assert re.search(r"<td>age: [\d.]+ to [\d.]+</td>", slices)
    overview = text.partition("The columns of the test rows")[2]
    assert "4 texts" in overview or "5 texts" in overview
    # Of many rows, some are scored.
    assert main.main([*FEW, "--max-rows", "20"]) == 0
    assert "20 test rows, drawn from all 32" in report_of(mixed.parent)


def test_a_column_of_nothing_is_said_to_hold_nothing(project: Path) -> None:
    table = mixed_table()
    table["gone"] = np.nan
    table.loc[0, "gone"] = 1.0
    table["paid"] = table["age"].fillna(40) * 2
    table.to_csv("people.csv", index=False)
    data = (*MIXED[:-1], "regression")
    assert main.main(["schema", *data]) == 0
    assert main.main(["train", *data, *QUICK_TRAINING, "--quiet"]) == 0
    assert main.main([*FEW]) == 0
    text = report_of(project)
    assert "<td>100.0%</td><td>nothing</td>" in text or "median 1<" in text
    assert "missing" in text


def test_a_table_larger_than_memory_is_drawn_from(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(0)
    age = random.integers(18, 90, 4000)
    paid = np.where(age > 50, "yes", "no")
    pd.DataFrame({"age": age, "paid": paid}).to_csv("people.csv", index=False)
    large = (*MIXED, "--in-memory-mb", "0")
    assert main.main(["schema", *large]) == 0
    assert main.main(["train", *large, "--workers", "1", "--quiet"]) == 0
    assert main.main([*FEW, "--max-rows", "100"]) == 0
    assert "100 test rows, drawn from a file larger than memory" in report_of(project)
    assert "accuracy: " in capsys.readouterr().out
