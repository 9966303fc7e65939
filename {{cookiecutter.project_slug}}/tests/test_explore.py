"""A first look at a table."""

import re
from pathlib import Path

import pandas as pd

from {{ cookiecutter.package_name }} import checks, explore, infer

from samples import mixed_table

CELLS = mixed_table().map(lambda cell: None if pd.isna(cell) else str(cell))
SCHEMA = infer.infer_schema(CELLS, "paid", "classification")
FRAME, _ = checks.check_table(CELLS, SCHEMA, "people")


def test_the_summary_has_a_line_for_each_column_and_the_balance() -> None:
    lines = explore.summarise(FRAME, SCHEMA).splitlines()
    assert lines[0] == "160 rows, 5 columns"
    age, city, member, joined = lines[2:6]
    assert re.fullmatch(r"age +number +10 +\d+  1\d to 89, mean [\d.]+", age)
    assert re.match(r"city +category +7 +5 ", city) and city.endswith("...")
    assert re.search("True, False|False, True", member)
    assert re.search(r"date .* 2020-\d\d-\d\d to 2022-\d\d-\d\d$", joined)
    yes = (FRAME["paid"] == "yes").sum()
    assert any(re.match(rf"  yes +{yes} +{yes / 160:.1%}", line) for line in lines)


def test_a_regression_has_no_classes_and_long_names_are_shortened() -> None:
    cells = CELLS.rename(columns={"city": "c" * 40})[["c" * 40, "age"]]
    schema = infer.infer_schema(cells, "age", "regression")
    frame, _ = checks.check_table(cells, schema, "people")
    shown = explore.summarise(frame, schema)
    assert "classes of" not in shown and f"{'c' * 25}... " in shown


def test_a_column_without_values_says_so() -> None:
    assert (
        explore.described(pd.Series([None, None], dtype="float64"), "number") == "none"
    )


def test_the_page_is_whole_and_asks_the_network_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "reports/explore.html"
    explore.write_report(FRAME, SCHEMA, "People & <places>", path)
    page = path.read_text(encoding="utf-8")
    assert "</html>" in page and "<places>" not in page
    assert all(name in page for name in SCHEMA.columns)
    loaded = re.findall(
        r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"([^\"]*)", page
    )
    assert [url for url in loaded if not url.startswith("data:")] == []
    assert list(path.parent.iterdir()) == [path]
