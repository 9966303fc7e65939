"""Schemas: kept as YAML, and refused when they are none."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import checks, main, schema
from {{ cookiecutter.package_name }}.datasets import DataError
from {{ cookiecutter.package_name }}.schema import Column, Schema

SCHEMA = Schema(
    target="paid",
    task="classification",
    columns={
        "age": Column(kind="number", minimum=0, maximum=0.5),
        "joined": Column(kind="date", minimum=date(2020, 1, 1), nullable=True),
        # Words that YAML would read as true, a number or nothing if they had no quotes.
        "paid": Column(kind="category", categories=("yes", "no", "1", "~", "Köln: a")),
    },
)


def test_a_schema_is_what_it_was_after_it_was_written_and_read(tmp_path: Path) -> None:
    path = schema.schema_path(tmp_path / "schemas", "people")
    schema.write_schema(path, SCHEMA)
    assert schema.read_schema(path) == SCHEMA
    text = path.read_text(encoding="utf-8")
    assert "age: {kind: number, nullable: false, minimum: 0, maximum: 0.5}" in text


def test_the_shipped_schema_is_the_one_that_the_command_infers(project: Path) -> None:
    shipped = Path(__file__).parents[1] / "configs/schemas/breast_cancer.yaml"
    assert main.main(["schema", "--force"]) == 0
    assert (project / "configs/schemas/breast_cancer.yaml").read_bytes() == (
        shipped.read_bytes()
    )


def test_classes_are_sorted_and_dates_are_given_as_numbers() -> None:
    assert SCHEMA.classes == ("1", "Köln: a", "no", "yes", "~")
    assert SCHEMA.kinds == {"age": "number", "joined": "number"}
    assert list(SCHEMA.without_target().columns) == ["age", "joined"]
    assert schema.as_number(date(1970, 1, 3)) == 2
    assert [schema.readable(value) for value in (50.0, 0.5, None)] == [50, 0.5, None]


NUMBER = "{kind: number}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("target: y\ntask: regression", "columns: Field required"),
        ("target: y\ntask: regression\ncolumns: {a: %s}", "target 'y' is none of"),
        ("target: y\ntask: guess\ncolumns: {y: %s}", "task: Input should be"),
        ("target: y\ntask: classification\ncolumns: {y: %s}", "must be a category"),
        ("target: y\ntask: regression\ncolumns: {y: {kind: date}}", "must be a number"),
        ("columns: {y: {kind: number, nullable: true}}", "cannot be nullable"),
        ("columns: {y: {kind: number, maximun: 1}}", "maximun: Extra inputs"),
        ("columns: {y: {kind: number, minimum: 2, maximum: 1}}", "is larger than"),
        ("columns: {y: {kind: number, minimum: 2020-01-01}}", "must be such"),
        ("columns: {y: {kind: number, categories: [a]}}", "has no categories"),
        ("columns: {y: {kind: category, maximum: 1}}", "no minimum and no maximum"),
        ("columns: {y: {kind: category, categories: [yes, no]}}", "valid string"),
        ("columns: {y: {kind: category, categories: []}}", "at least 1"),
    ],
)
def test_what_is_no_schema_is_refused_with_the_place(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "schema.yaml"
    text = text.replace("%s", NUMBER)
    if "target" not in text:
        text = f"target: y\ntask: regression\n{text}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=f"schema.yaml is no schema:(.|\n)*{message}"):
        schema.read_schema(path)


def test_a_table_without_a_schema_is_told_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no schema yet.*command `schema`"):
        schema.read_schema(tmp_path / "absent.yaml")


def test_a_schema_for_another_target_is_refused(tmp_path: Path) -> None:
    schema.require_same(SCHEMA, "paid", "classification", tmp_path)
    with pytest.raises(DataError, match="of 'paid', not for regression of 'age'"):
        schema.require_same(SCHEMA, "age", "regression", tmp_path)


def test_missing_and_unknown_columns_are_named() -> None:
    frame = pd.DataFrame(columns=["age", "Joined", "paid"])
    with pytest.raises(DataError, match="missing: *joined\n *unknown: *Joined"):
        checks.require_columns(frame, SCHEMA.columns, "people.csv")
