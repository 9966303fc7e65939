"""What the columns of a table may hold: inferred, kept, and checked cell by cell."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from {{ cookiecutter.package_name }}.adapter import Inputs
from {{ cookiecutter.package_name }}.config import DataError, Reading
from {{ cookiecutter.package_name }}.schema import (
    check,
    infer_schema,
    read_schema,
    remarks,
    write_schema,
)
from {{ cookiecutter.package_name }}.utils import read_chunks

from samples import mixed_table

COLUMNS: dict[str, Any] = {
    "age": {"kind": "number", "minimum": 0, "maximum": 150},
    "city": {"kind": "category", "categories": ["Köln", "Ulm"]},
    "note": {"kind": "category", "nullable": True},
    "joined": {"kind": "date", "nullable": True, "minimum": "2000-01-01"},
    "paid": {"kind": "category", "categories": ["yes", "no"]},
}
INPUTS = Inputs.model_validate(
    {"target": "paid", "task": "classification", "columns": COLUMNS}
)
GOOD = {"age": "30", "city": "Ulm", "note": "x", "joined": "2020-01-02", "paid": "no"}


def table(*changes: dict[str, Any]) -> pd.DataFrame:
    """Return good rows but for some cells; the first is row 2."""
    frame = pd.DataFrame([{**GOOD, **change} for change in changes])
    return frame.set_index(pd.RangeIndex(2, 2 + len(frame)))


def test_cells_get_the_types_and_the_order_of_the_schema() -> None:
    frame, bad = check(table({}, {"joined": None, "age": 5})[[*GOOD][::-1]], INPUTS)
    assert not bad and list(frame) == list(COLUMNS)
    assert list(frame["age"]) == [30, 5] and frame["age"].dtype == "float64"
    np.testing.assert_array_equal(frame["joined"], [18263, np.nan])
    assert INPUTS.classes == ("yes", "no")
    assert set(INPUTS.columns.values()) == {"number", "category"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"age": "old"}, 'age: must be a number from 0 up to 150, is "old"'),
        ({"age": "inf"}, 'age: must be a number from 0 up to 150, is "inf"'),
        ({"age": None}, "age: must not be missing"),
        ({"age": ""}, "age: must not be missing"),
        ({"age": "-1"}, 'age: must be a number from 0 up to 150, is "-1"'),
        ({"age": "151"}, 'age: must be a number from 0 up to 150, is "151"'),
        ({"city": "Bonn"}, 'city: must be one of "Köln", "Ulm", is "Bonn"'),
        ({"joined": "2020-02-30"}, "joined: must be a date like 2024-12-31 from 2000-"),
        ({"joined": "1999-12-31"}, "joined: must be a date like 2024-12-31 from 2000-"),
        ({"joined": "x", "city": "y"}, 'city: must be one of "Köln", "Ulm", is "y"; '),
    ],
)
def test_a_bad_row_is_named_with_every_reason(
    change: dict[str, Any], problem: str
) -> None:
    _, bad = check(table({}, change), INPUTS)
    assert list(bad) == [3] and bad[3].startswith(problem)


def test_the_target_of_rows_to_predict_may_be_anything() -> None:
    assert not check(table({"paid": "?"}).drop(columns="note"), INPUTS, target=False)[1]


def test_a_schema_is_found_kept_and_read_again(tmp_path: Path) -> None:
    cells = mixed_table().astype(str).where(mixed_table().notna())
    inputs = infer_schema(cells, "paid", "classification", Reading(sep=";"))
    found = {name: rule.kind for name, rule in inputs.rules.items()}
    assert found == {
        **{"age": "number", "city": "category", "member": "boolean"},
        **{"joined": "date", "paid": "category"},
    }
    assert inputs.rules["age"].nullable and not inputs.rules["member"].nullable
    file = tmp_path / "people.yaml"
    write_schema(file, inputs)
    assert read_schema(file) == inputs
    assert Inputs.model_validate_json(inputs.model_dump_json()) == inputs
    assert not check(cells, inputs)[1]
    assert inputs.rules["joined"].minimum is None  # later rows may be later
    assert str(inputs.rules["joined"].example).startswith("2021")


def texts(**columns: list[Any]) -> pd.DataFrame:
    """Return cells as a CSV file has them, and a target."""
    rows = len(next(iter(columns.values())))
    return pd.DataFrame({**columns, "y": (["p", "q"] * rows)[:rows]}, dtype=str)


def kinds(frame: pd.DataFrame, **how: Any) -> dict[str, str]:
    """Return the kind of each column but the target, as it is inferred."""
    rules = infer_schema(frame, "y", "classification", Reading(**how)).rules
    return {name: rule.kind for name, rule in rules.items() if name != "y"}


def said(frame: pd.DataFrame, **how: Any) -> list[str]:
    """Return what a person is told of a table beside its schema."""
    reading = Reading(**how)
    return [*remarks(frame, infer_schema(frame, "y", "classification", reading))]


def test_only_what_the_person_names_is_missing_and_it_is_counted() -> None:
    cells = texts(country=["NA", "DE", None] * 10, size=["?", "2", "-999"] * 10)
    assert kinds(cells) == {"country": "category", "size": "number"}
    plain = infer_schema(cells, "y", "classification", Reading()).rules
    assert plain["country"].categories == ("DE", "NA")
    counts = texts(x=["1"] * 5).assign(y=["a", "b", "b", "b", "a"])
    rare = infer_schema(counts, "y", "classification", Reading())
    assert rare.classes == ("b", "a")  # the last is what f1 and the like are of
    told = said(cells)
    assert told == [
        f"{each} are no missing values, unless --na-values names them"
        for each in ("country: {'NA': 10}", "size: {'?': 10}")
    ]
    how = {"na_values": ("NA", "?", "-999")}
    inputs = infer_schema(cells, "y", "classification", Reading(**how))
    assert inputs.rules["country"].categories == ("DE",)
    assert said(cells, **how) == [
        "country: {'NA': 10} are missing, as na_values says",
        "size: {'?': 10, '-999': 10} are missing, as na_values says",
    ]
    typed = pd.DataFrame({"country": ["NA"], "size": [-999.0], "y": ["p"]})
    for given in (cells, typed, typed.convert_dtypes(dtype_backend="pyarrow")):
        frame, bad = check(given, inputs)
        assert not bad and frame["country"].isna()[0] and frame["size"].isna()[0]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["01234", "10001", "94105"], "category"),
        ([str(2**53 + 1), "1", "2"], "category"),
        ([str(2**53 - 1), "0", "0.5", "-0.1", "1e300"], "number"),
        ([*map(str, range(19)), "a mistake"], "number"),
        (["20240101", "20240102"], "number"),
        (["2024-01-01", "2024-01-02T12:00:00Z"], "date"),
    ],
)
def test_a_code_is_no_number(cells: list[str], kind: str) -> None:
    assert kinds(texts(x=cells)) == {"x": kind}
    told = f"x: '{cells[0]}' is a text, unless kind: number is written here"
    assert said(texts(x=cells)) == ([told] if kind == "category" else [])


def test_a_type_that_parquet_declares_is_not_guessed_anew(tmp_path: Path) -> None:
    table = pa.table(
        {
            "zip": ["10001", None, "94105"],
            "account": pa.array([2**60, None, 2**60 + 1]),
            "count": pa.array([1, None, 3], pa.uint8()),
            "price": pa.array([Decimal("1.50"), None, Decimal("2.25")]),
            "day": pa.array([date(2024, 1, 1), None, date(2024, 1, 3)]),
            "moment": pa.array([datetime(2024, 1, 1, 12), None, datetime(2024, 1, 2)]),
            "y": ["p", "q", "p"],
        }
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    (frame,) = read_chunks(tmp_path / "a.parquet", Reading())
    assert kinds(frame) == {
        **{"zip": "category", "account": "category", "count": "number"},
        **{"price": "number", "day": "date", "moment": "date"},
    }
    typed, bad = check(frame, infer_schema(frame, "y", "classification", Reading()))
    assert not bad and typed["account"][4] == str(2**60 + 1)
    np.testing.assert_array_equal(typed["moment"], [19723.5, np.nan, 19724])
    np.testing.assert_array_equal(typed["price"], [1.5, np.nan, 2.25])


@pytest.mark.parametrize(
    ("how", "hint", "cells", "values"),
    [
        ({"thousands": ","}, "--thousands ,", ["1,000.5", "12", "1,2"], [1000.5, 12]),
        ({"decimal": ","}, "--decimal ,", ["1,5", "12", "1.5"], [1.5, 12]),
        (
            {"decimal": ",", "thousands": "."},
            "--decimal , --thousands .",
            ["1.000,5", "12", "12.5"],
            [1000.5, 12],
        ),
        ({"percent": True}, "--percent", ["5%", "0.5%", "%"], [5, 0.5]),
        (
            {"date_format": "%d/%m/%Y"},
            "--date-format '%d/%m/%Y'",
            ["31/12/1970", "1970-01-02", "02/31/1970"],
            [364, 1],
        ),
    ],
)
def test_other_spellings_are_recognised_said_and_read_as_set(
    how: dict[str, Any], hint: str, cells: list[str], values: list[float]
) -> None:
    strange = texts(x=cells[:1] * 2)
    assert kinds(strange) == {"x": "category"}
    assert said(strange)[0].startswith(f"x: {cells[0]!r} is a text, unless {hint} is")
    inputs = infer_schema(texts(x=cells[:2]), "y", "classification", Reading(**how))
    frame, bad = check(texts(x=cells), inputs)
    assert list(frame["x"][:2]) == values
    assert [*bad] == [2] and bad[2].endswith(f'is "{cells[2]}"')


def test_texts_that_are_nearly_all_different_are_warned_of() -> None:
    names = [f"name {number}" for number in range(60)]
    assert "60 different texts in 60 rows" in said(texts(x=names))[0]
    assert not said(texts(x=["a", "b"] * 30))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": "mood"}, "'mood' must be one of the columns"),
        ({"task": "regression"}, "'paid' must be a number"),
        ({"target": "note"}, "not nullable"),
        ({"columns": {**COLUMNS, "age": {"kind": "numeric"}}}, "columns.age.kind"),
        ({"columns": {**COLUMNS, "paid": {"kind": "category"}}}, "list its categories"),
        ({"more": 1}, "more: Extra inputs"),
    ],
)
def test_a_schema_that_makes_no_sense_is_refused(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    content = {"target": "paid", "task": "classification", "columns": COLUMNS}
    file = tmp_path / "x.yaml"
    file.write_text(str({**content, **change}), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_schema(file)
