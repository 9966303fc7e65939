"""What is found out about columns."""

from datetime import date

import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import checks, infer
from {{ cookiecutter.package_name }}.datasets import DataError
from {{ cookiecutter.package_name }}.schema import Column

from samples import mixed_table

DAYS = ["2020-01-01", "2020-01-11"]


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        (["7", "10.5", "-3"], Column(kind="number", minimum=-17, maximum=24)),
        (["7", None], Column(kind="number", nullable=True, minimum=7, maximum=7)),
        ([None, None], Column(kind="number", nullable=True)),
        (["True", "False"], Column(kind="category", categories=("False", "True"))),
        (["b", "a", "b"], Column(kind="category", categories=("a", "b"))),
        ([f"name {i}" for i in range(51)], Column(kind="category")),
        (
            DAYS,
            Column(kind="date", minimum=date(2019, 12, 22), maximum=date(2020, 1, 21)),
        ),
    ],
)
def test_a_column_is_what_its_cells_are(
    cells: list[str | None], column: Column
) -> None:
    assert infer.infer_column(pd.Series(cells, dtype="str")) == column


def test_a_few_texts_among_numbers_are_mistakes_many_are_categories() -> None:
    numbers = [str(i) for i in range(19)]
    assert infer.infer_column(pd.Series([*numbers, "x"])).kind == "number"
    assert infer.infer_column(pd.Series([*numbers[:3], "x"])).kind == "category"


@pytest.mark.parametrize(
    ("low", "high", "widened"),
    [
        (6.98, 28.1, (0, 50)),
        (-1, 1, (-3, 3)),
        (0.05, 0.1, (0, 0.15)),
        (100, 101, (99, 102)),
        (5, 5, (5, 5)),
    ],
)
def test_a_range_has_its_own_width_as_room(
    low: float, high: float, widened: tuple[float, float]
) -> None:
    assert infer.with_room(low, high) == pytest.approx(widened)


def test_a_table_meets_the_schema_that_was_inferred_from_it() -> None:
    cells = mixed_table().map(lambda cell: None if pd.isna(cell) else str(cell))
    found = infer.infer_schema(cells, "paid", "classification")
    kinds = {name: column.kind for name, column in found.columns.items()}
    assert kinds == {
        "age": "number",
        "city": "category",
        "member": "category",
        "joined": "date",
        "paid": "category",
    }
    assert found.classes == ("no", "yes")
    _, problems = checks.check_table(cells, found, "people")
    assert problems.empty


def test_a_number_may_be_a_class() -> None:
    frame = pd.DataFrame({"a": ["1", "2"], "y": ["1", "0"]})
    assert infer.infer_schema(frame, "y", "classification").classes == ("0", "1")
    assert infer.infer_schema(frame, "y", "regression").classes == ()


def test_a_text_cannot_be_predicted_as_a_number() -> None:
    frame = pd.DataFrame({"a": ["1", "2"], "y": ["1", "high"]}, index=[2, 3])
    with pytest.raises(DataError, match="row 3: 'high'"):
        infer.infer_schema(frame, "y", "regression")
