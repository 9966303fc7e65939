"""What the columns of a table may hold: inferred, kept, and checked cell by cell."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.package_name }}.adapter import Inputs
from {{ cookiecutter.package_name }}.config import DataError
from {{ cookiecutter.package_name }}.schema import (
    check,
    infer_schema,
    read_schema,
    with_room,
    write_schema,
)

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
    assert INPUTS.classes == ("no", "yes")
    assert set(INPUTS.columns.values()) == {"number", "category"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"age": "old"}, "age: 'old' is not a number"),
        ({"age": "inf"}, "age: 'inf' is not a number"),
        ({"age": None}, "age: is missing"),
        ({"age": "-1"}, "age: '-1' is less than 0.0"),
        ({"age": "151"}, "age: '151' is more than 150.0"),
        ({"city": "Bonn"}, "city: 'Bonn' is none of Köln, Ulm"),
        ({"joined": "2020-02-30"}, "joined: '2020-02-30' is not a date"),
        ({"joined": "1999-12-31"}, "joined: '1999-12-31' is less than 2000-01-01"),
        ({"age": "x", "city": "y"}, "age: 'x' is not a number; city: 'y' is none of"),
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
    texts = mixed_table().astype(str).where(mixed_table().notna())
    inputs = infer_schema(texts, "paid", "classification")
    kinds = {name: rule.kind for name, rule in inputs.rules.items()}
    assert kinds == {
        **{"age": "number", "city": "category", "member": "category"},
        **{"joined": "date", "paid": "category"},
    }
    assert inputs.rules["age"].nullable and not inputs.rules["member"].nullable
    file = tmp_path / "people.yaml"
    write_schema(file, inputs)
    assert read_schema(file) == inputs
    assert Inputs.model_validate_json(inputs.model_dump_json()) == inputs
    assert not check(texts, inputs)[1]


def test_a_few_bad_cells_do_not_make_texts_of_numbers() -> None:
    cells = pd.DataFrame({"a": [*map(str, range(19)), "?"], "y": ["p", "q"] * 10})
    inputs = infer_schema(cells, "y", "classification")
    assert inputs.rules["a"].kind == "number"
    assert check(cells, inputs)[1] == {19: "a: '?' is not a number"}


def test_a_range_gets_its_width_as_room() -> None:
    assert with_room(6.98, 28.1) == (0, 49)
    assert with_room(1000, 1001) == (999, 1002)
    assert with_room(-1, 1) == (-3, 3)


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
