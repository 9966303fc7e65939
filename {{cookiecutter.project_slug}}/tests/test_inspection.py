"""The commands that look at a table."""

from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import main, schema

from samples import MIXED, mixed_table

Output = pytest.CaptureFixture[str]


def test_a_schema_is_not_replaced_by_accident(project: Path, capsys: Output) -> None:
    assert main.main(["schema"]) == 2
    assert "--force replaces it" in capsys.readouterr().err


def test_mistakes_are_said_when_the_schema_is_made(
    project: Path, capsys: Output
) -> None:
    frame = mixed_table()
    cells = frame["age"].astype(object)
    cells[3] = "unknwon"
    frame.assign(age=cells).to_csv("people.csv", index=False)
    assert main.main(["schema", *MIXED]) == 0
    assert "row 5, age: 'unknwon' is not a number" in capsys.readouterr().err
    assert main.main(["explore", *MIXED]) == 0
    assert "row 5, age: 'unknwon' is not a number" in capsys.readouterr().err
    assert main.main(["train", *MIXED]) == 2
    assert "row 5, age" in capsys.readouterr().err


def test_a_table_is_explored(mixed: Path, capsys: Output) -> None:
    capsys.readouterr()
    assert main.main(["explore", *MIXED]) == 0
    shown = capsys.readouterr().out
    assert "160 rows, 5 columns" in shown
    report = Path("reports/people/explore.html")
    assert str(report) in shown
    assert report.read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_of_a_large_table_a_sample_is_looked_at(mixed: Path) -> None:
    path = Path("configs/schemas/people.yaml")
    whole = schema.read_schema(path)
    options = ("--force", "--in-memory-mb", "0")
    assert main.main(["schema", *MIXED, *options]) == 0
    assert schema.read_schema(path).columns.keys() == whole.columns.keys()
    assert schema.read_schema(path).classes == whole.classes
