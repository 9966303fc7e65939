"""Two versions on the same test rows."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import contest, main, registry
from {{ cookiecutter.package_name }}.judging import Comparison
from {{ cookiecutter.package_name }}.settings import RetrainSettings

from samples import MIXED, mixed_table

IN_CHUNKS = ("--in-memory-mb", "0", "--workers", "1")


def trained(*options: str) -> None:
    """Train a version."""
    assert main.main(["train", "--quiet", "--folds", "2", *options]) == 0


def compared(model_dir: Path) -> Comparison:
    """Compare the first version with the second."""
    settings = RetrainSettings.model_construct(data_dir=Path("data"), chunk_mb=8)
    first, second = (registry.load_version(model_dir, number) for number in (1, 2))
    return contest.compare(settings, first, second)


def metrics(version: int) -> dict[str, Any]:
    """Return what `evaluate` says of a version."""
    assert main.main(["evaluate", "--quiet", "--version", str(version)]) == 0
    path = Path("reports/model") / str(version) / "metrics.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_classifiers_are_compared_on_the_test_rows(
    mixed: Path, model_dir: Path
) -> None:
    trained(*MIXED, "--parameters", "C=0.0001")
    trained(*MIXED, "--estimator", "boosting")
    found = compared(model_dir)
    assert found.rows == 32 and found.score == "accuracy" and found.unseen
    assert found.champion == pytest.approx(metrics(1)["accuracy"])
    assert found.challenger == pytest.approx(metrics(2)["accuracy"])


def test_regressions_are_compared_by_their_errors(
    project: Path, model_dir: Path
) -> None:
    diabetes = ("--data", "diabetes")
    assert main.main(["schema", "--quiet", *diabetes]) == 0
    trained(*diabetes, "--parameters", "alpha=100000")
    trained(*diabetes)
    found = compared(model_dir)
    assert found.score == "r2" and found.rows == 89 and found.p_value < 0.001
    assert found.champion == pytest.approx(metrics(1)["r2"])
    assert found.challenger == pytest.approx(metrics(2)["r2"])
    assert found.gain == pytest.approx(found.challenger - found.champion)


def test_a_table_larger_than_memory_is_compared_by_its_test_rows(
    mixed: Path, model_dir: Path
) -> None:
    trained(*MIXED, *IN_CHUNKS)
    trained(*MIXED, *IN_CHUNKS, "--epochs", "3")
    found = compared(model_dir)
    assert found.rows == metrics(2)["rows"] and found.unseen
    assert found.challenger == pytest.approx(metrics(2)["accuracy"])


def test_a_champion_of_other_rows_and_fewer_columns_may_be_flattered(
    mixed: Path, model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["schema", "--force", *MIXED, "--drop", "member"]) == 0
    trained(*MIXED, "--drop", "member")
    grown = pd.concat([mixed_table(), mixed_table()], ignore_index=True)
    grown.to_csv(mixed, index=False)
    assert main.main(["schema", "--force", *MIXED]) == 0
    trained(*MIXED)
    assert not compared(model_dir).unseen
    assert "can only flatter it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--data", "wine"), "it predicts 'paid' as a classification"),
        (("--data", "other.csv", *MIXED[2:]), "its classes are no, yes"),
        ((*MIXED, "--drop", "age"), "it needs the column 'age' as a number"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_the_training(
    options: tuple[str, ...],
    message: str,
    mixed: Path,
    model_dir: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    trained(*MIXED)
    table = mixed_table()
    table["paid"] = table["paid"].replace({"yes": "paid"})
    table.to_csv("other.csv", index=False)
    assert main.main(["schema", "--quiet", "--force", *options]) == 0
    capsys.readouterr()
    assert main.main(["retrain", "--quiet", *options]) == 2
    assert message in capsys.readouterr().err
    assert registry.versions(model_dir) == [1]
