"""Tables that are read in chunks; here small ones, which are said to be too large."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import large, main
from {{ cookiecutter.package_name }}.datasets import NAMED

from samples import MIXED

CHUNKS = ("--in-memory-mb", "0", "--chunk-mb", "1", "--workers", "1", "--epochs", "30")
Output = pytest.CaptureFixture[str]


def run(*arguments: str) -> None:
    """Run a command that has to work."""
    assert main.main([*arguments, "--quiet"]) == 0


def read_json(path: str) -> dict[str, Any]:
    """Return the content of a JSON file."""
    content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize(
    ("data", "score", "margin"),
    [("breast_cancer", "accuracy", 0.25), ("diabetes", "r2", 0.25)],
)
def test_a_table_in_chunks_is_learned_far_better_than_the_simplest_guess(
    data: str, score: str, margin: float, project: Path, capsys: Output
) -> None:
    if data == "diabetes":
        run("schema", "--data", data)
    run("train", "--data", data, *CHUNKS)
    run("evaluate", "--workers", "1")
    metrics = read_json("reports/model/1/metrics.json")
    assert metrics[score] >= metrics["baseline"][score] + margin
    manifest = read_json("models/model/1/manifest.json")
    assert len(manifest["history"][f"val_{score}"]) == 30
    rows = manifest["metrics"]
    counted = rows["rows_train"] + rows["rows_validation"] + rows["rows_test"]
    assert counted == len(pd.read_csv(f"data/raw/{data}.csv"))
    assert metrics["rows"] == rows["rows_test"]
    shown = capsys.readouterr().out
    assert f"validation {score}: " in shown and f"test {score}: " in shown
    run("predict", "--input", f"data/raw/{data}.csv", "--output", "out.csv")
    kind = "class" if NAMED[data].task == "classification" else "value"
    assert kind in pd.read_csv("out.csv")


def test_processes_give_the_same_model_as_one(mixed: Path) -> None:
    for workers in ("1", "2"):
        options = (*CHUNKS[:-1], "2", "--workers", workers, "--model-name", workers)
        run("train", *MIXED, *options)
        run(
            "predict",
            "--input",
            "people.csv",
            "--output",
            f"{workers}.csv",
            *options[-2:],
        )
    assert Path("1.csv").read_bytes() == Path("2.csv").read_bytes()


def test_a_bad_row_ends_the_training_with_its_number(
    mixed: Path, capsys: Output
) -> None:
    with mixed.open("a", encoding="utf-8") as file:
        file.write("-500,Köln,True,2020-01-01,yes\n")
    assert main.main(["train", *MIXED, *CHUNKS, "--quiet"]) == 2
    assert "row 162, age: '-500.0' is less than the minimum" in capsys.readouterr().err
    assert list(Path("models").glob("*/*")) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--estimator", "forest"], "forest needs all rows in memory"),
        (["--quarantine", "bad.csv"], "rows are only moved in memory"),
        (["--drop", "city"], "missing: *city"),
        (["--parameters", "C=1"], "SGDClassifier has no C"),
        (["--parameters", "alpha=-1"], "The 'alpha' parameter"),
        (["--tuned"], "tune on a part"),
    ],
)
def test_what_cannot_be_done_in_chunks_is_refused(
    options: list[str], message: str, mixed: Path, capsys: Output
) -> None:
    assert main.main(["train", *MIXED, *CHUNKS, *options, "--quiet"]) == 2
    shown = capsys.readouterr().err
    assert message.replace(" *", "       ") in shown and "Traceback" not in shown


def test_a_table_without_a_row_that_meets_its_schema_is_refused(
    mixed: Path, capsys: Output
) -> None:
    path = Path("configs/schemas/people.yaml")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Zürich", "Basel"), encoding="utf-8")
    few = pd.read_csv(mixed)
    few[few["city"] == "Zürich, ZH"].to_csv(mixed, index=False)
    assert main.main(["train", *MIXED, *CHUNKS, "--quiet"]) == 2
    assert "no row of a sample meets the schema" in capsys.readouterr().err


def test_searching_in_chunks_is_refused(mixed: Path, capsys: Output) -> None:
    assert main.main(["tune", *MIXED, "--in-memory-mb", "0"]) == 2
    assert "tune on a part of it" in capsys.readouterr().err


def test_the_simplest_guess_is_told_from_the_scores() -> None:
    classes = {"a": {"support": 3}, "b": {"support": 1}}
    assert large.guess({"rows": 4, "classes": classes})["accuracy"] == 0.75
    assert large.guess({"r2": 0.4}) == {"r2": 0.0, "guess": "always the mean"}
