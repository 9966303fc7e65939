"""Tables against schemas: what is found, and where bad rows go."""

import pickle
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import checks
from {{ cookiecutter.package_name }}.datasets import DataError
from {{ cookiecutter.package_name }}.schema import Column, Features

SCHEMA = Features(
    columns={
        "age": Column(kind="number", minimum=0, maximum=150),
        "city": Column(kind="category", categories=("Köln", "Ulm")),
        "note": Column(kind="category", nullable=True),
        "joined": Column(kind="date", nullable=True, minimum=date(2000, 1, 1)),
    }
)
GOOD = '30,Ulm,"a ""b""",2020-01-02\n'


def write(folder: Path, *rows: str) -> Path:
    """Write a table with these rows."""
    path = folder / "people.csv"
    path.write_text("age,city,note,joined\n" + "".join(rows), encoding="utf-8")
    return path


def test_columns_get_the_types_and_the_order_of_the_schema(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, "5,Köln,,\n")
    frame, bad = checks.load_checked(path, SCHEMA)
    assert bad == 0
    assert list(frame["age"]) == [30, 5] and frame["age"].dtype == "float64"
    assert list(frame["city"]) == ["Ulm", "Köln"]
    np.testing.assert_array_equal(frame["joined"], [18263, np.nan])
    turned = Features(columns=dict(reversed(SCHEMA.columns.items())))
    assert list(checks.load_checked(path, turned)[0]) == list(turned.columns)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("old,Ulm,,\n", "row 3, age: 'old' is not a number"),
        ("inf,Ulm,,\n", "row 3, age: 'inf' is not a number"),
        (",Ulm,,\n", "row 3, age: is missing"),
        ("-1,Ulm,,\n", "row 3, age: '-1' is less than the minimum, 0"),
        ("151,Ulm,,\n", "row 3, age: '151' is more than the maximum, 150"),
        ("30,Bonn,,\n", "row 3, city: 'Bonn' is none of: Köln, Ulm"),
        ("30,Ulm,,2020-02-30\n", "row 3, joined: '2020-02-30' is not a date"),
        (
            "30,Ulm,,1999-12-31\n",
            "row 3, joined: '1999-12-31' is less than the minimum, 2000",
        ),
    ],
)
def test_a_bad_cell_is_reported_once_with_row_column_and_reason(
    row: str, problem: str, tmp_path: Path
) -> None:
    path = write(tmp_path, GOOD, row)
    with pytest.raises(DataError) as refused:
        checks.load_checked(path, SCHEMA)
    message = str(refused.value)
    assert problem in message and message.count("row 3") == 1
    assert "1 bad rows" in message and "--quarantine" in message


def test_bad_rows_are_moved_with_their_reasons_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path, "x,Bonn,,\n", GOOD, '200,Ulm,"é, ""q""",\n')
    bad = tmp_path / "out/bad.csv"
    frame, count = checks.load_checked(path, SCHEMA, quarantine=bad)
    assert (list(frame.index), count) == ([3], 2)
    moved = pd.read_csv(bad, dtype=str)
    assert list(moved["row"]) == ["2", "4"]
    assert moved["reasons"][0] == (
        "age: 'x' is not a number; city: 'Bonn' is none of: Köln, Ulm"
    )
    assert list(moved["note"].fillna("-")) == ["-", 'é, "q"']
    assert "2 of 3 rows" in caplog.text


def test_a_table_without_a_good_row_is_refused_after_its_rows_were_kept(
    tmp_path: Path,
) -> None:
    path, bad = write(tmp_path, "x,Ulm,,\n"), tmp_path / "bad.csv"
    with pytest.raises(DataError, match="no row is good"):
        checks.load_checked(path, SCHEMA, quarantine=bad)
    assert len(pd.read_csv(bad)) == 1


def test_many_problems_are_not_all_shown(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 11, age.*\n  and 90 more"):
        checks.load_checked(write(tmp_path, *["x,Ulm,,\n"] * 100), SCHEMA)


def test_columns_can_be_left_out_and_ignored(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    few = Features(columns={"age": SCHEMA.columns["age"]})
    frame, _ = checks.load_checked(path, few, ["city", "note"], ["joined", "absent"])
    assert list(frame) == ["age"]
    with pytest.raises(DataError, match="unknown: *city, note, joined"):
        checks.load_checked(path, few)


def test_a_chunk_is_checked_in_another_process_and_keeps_its_row_numbers() -> None:
    check = pickle.loads(pickle.dumps(partial(checks.check_chunk, SCHEMA)))
    frame = pd.DataFrame(
        {"age": [1.0, -1.0], "city": "Ulm", "note": None, "joined": "2020-01-02"},
        index=[70_002, 90_003],
    )
    good = check(frame.iloc[:1], 70_002)
    assert good["joined"].iloc[0] == 18263
    with pytest.raises(DataError, match="row 90003, age: '-1.0' is less"):
        check(frame, 70_002)


def test_a_time_is_a_part_of_a_day() -> None:
    cells = pd.Series(["1970-01-02T06:00:00", "1970-01-02 02:00+02:00", "1970", None])
    np.testing.assert_array_equal(checks.days(cells), [1.25, 1, np.nan, np.nan])
