"""Which rows are tested on, in which folds, and what the scores are."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import utils, validation
from {{ cookiecutter.package_name }}.adapter import Inputs
from {{ cookiecutter.package_name }}.config import (
    ConfigError,
    DataError,
    TrainSettings,
)
from {{ cookiecutter.package_name }}.validation import Table

from samples import INPUTS, people

# As `INPUTS`, with columns that say whose row it is, and of which day.
VISITS = Inputs.model_validate(
    {
        **INPUTS.model_dump(),
        "id_columns": ("patient", "day"),
        "rules": {
            **INPUTS.rules,
            "patient": {"kind": "category"},
            "day": {"kind": "date", "nullable": True},
        },
    }
)


def settings(**given: Any) -> TrainSettings:
    """Return settings of a training."""
    return TrainSettings.model_construct(**given)


def visits(file: Path, rows: int = 200) -> Path:
    """Write a table that meets `VISITS`, in no order of time."""
    random = np.random.default_rng(1)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        random.integers(0, 50, rows), "D"
    )
    patients = [f"p{number}" for number in random.integers(0, 40, rows)]
    people(rows).assign(patient=patients, day=days).to_csv(file, index=False)
    return file


def test_the_split_keeps_every_row_once_and_the_share_of_each_class(
    tmp_path: Path,
) -> None:
    file = tmp_path / "a.csv"
    people(200).to_csv(file, index=False)
    given = settings(test_fraction=0.2, seed=1, in_memory_mb=9)
    training, test = Table([file], INPUTS, given).parts()
    assert sorted([*training.index, *test.index]) == list(range(2, 202))
    shares = [(part["paid"] == "yes").mean() for part in (training, test)]
    assert shares[0] == pytest.approx(shares[1], abs=0.02) and len(test) == 40
    again, _ = Table([file], INPUTS, given).parts()
    given = given.model_copy(update={"seed": 2})
    other, _ = Table([file], INPUTS, given).parts()
    assert again.equals(training) and not other.equals(training)


def test_the_test_rows_of_a_large_table_are_never_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.csv"
    people(5000).to_csv(file, index=False)
    given = settings(test_fraction=0.2, seed=1, in_memory_mb=0)
    parts = []
    for rows in (500, 777):
        monkeypatch.setattr(utils, "CHUNK_ROWS", rows)
        _, test = Table([file], INPUTS, given).parts()
        chunks = Table([file], INPUTS, given).chunks()
        trained = [number for chunk in chunks for number in chunk.index]
        assert sorted([*trained, *test.index]) == list(range(2, 5002))
        parts.append(set(test.index))
    assert parts[0] == parts[1] and 900 < len(parts[0]) < 1100


def test_ten_times_the_rows_need_no_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(utils, "CHUNK_ROWS", 400)
    monkeypatch.setattr(validation, "SAMPLE_ROWS", 200)
    given = settings(test_fraction=0.2, seed=1, in_memory_mb=0)
    peaks = []
    for rows in (1_200, 12_000):
        file = tmp_path / f"{rows}.csv"
        people(rows).to_csv(file, index=False)
        next(Table([file], INPUTS, given).chunks())  # imports
        tracemalloc.start()
        Table([file], INPUTS, given).parts()
        for _ in Table([file], INPUTS, given).chunks():
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    frame = people(9)
    frame["paid"] = ["yes"] + ["no"] * 8
    frame.to_csv(file, index=False)
    given = settings(test_fraction=0.2, seed=1, in_memory_mb=9)
    with pytest.raises(DataError, match="cannot split"):
        Table([file], INPUTS, given).parts()
    frame["paid"] = "no"
    frame.to_csv(file, index=False)
    with pytest.raises(DataError, match="no rows to train on of .'yes'."):
        Table([file], INPUTS, given).parts()


@pytest.mark.parametrize("megabytes", [0, 9])
def test_a_group_is_in_one_part_and_in_one_fold_alone(
    megabytes: int, tmp_path: Path
) -> None:
    paths = [visits(tmp_path / "a.csv")]
    given = settings(split="group", split_column="patient", in_memory_mb=megabytes)
    training, test = Table(paths, VISITS, given).parts()
    assert len(training) + len(test) == 200 and 15 < len(test) < 70
    assert not {*training["patient"]} & {*test["patient"]}
    found = Table(paths, VISITS, given).folds(training)
    scored = [{*training["patient"].iloc[kept]} for _, kept in found]
    assert len(scored) == 5 and sum(map(len, scored)) == training["patient"].nunique()
    assert sum(len(kept) for _, kept in found) == len(training)


def test_what_is_last_in_time_is_tested_on_and_no_fold_looks_ahead(
    tmp_path: Path,
) -> None:
    paths = [visits(tmp_path / "a.csv")]
    given = settings(split="time", split_column="day", in_memory_mb=9)
    training, test = Table(paths, VISITS, given).parts()
    assert training["day"].max() < test["day"].min() and 40 <= len(test) < 50
    for known, kept in Table(paths, VISITS, given).folds(training):
        days = training["day"].to_numpy()
        assert days[known].max() < days[kept].min()
    with pytest.raises(ConfigError, match="time needs all rows at once"):
        large = given.model_copy(update={"in_memory_mb": 0})
        Table(paths, VISITS, large).parts()


@pytest.mark.parametrize("megabytes", [0, 9])
def test_a_test_file_of_ones_own_is_tested_on_whole(
    megabytes: int, tmp_path: Path
) -> None:
    for name, seed in (("a.csv", 1), ("b.csv", 2)):
        people(90, seed).to_csv(tmp_path / name, index=False)
    names = {"data": str(tmp_path / "a.csv"), "test_data": str(tmp_path / "b.csv")}
    given = settings(**names, in_memory_mb=megabytes)
    table = Table.find(given, INPUTS)
    training, test = table.parts()
    for part, seed in ((training, 1), (test, 2)):
        assert list(part.index) == list(range(2, 92))
        assert list(part["age"]) == list(people(90, seed)["age"])
    before = utils.sha256_of(*table.paths)
    people(90, 3).to_csv(tmp_path / "b.csv", index=False)
    assert utils.sha256_of(*table.paths) != before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split": "group"}, "group needs as split_column one of age, city, patient"),
        ({"split": "time", "split_column": "paid"}, "time needs as split_column"),
        ({"split": "time", "split_column": "patient"}, "neither a date nor a number"),
        ({"folds": 500}, "folds: .*500"),
        ({"split": "time", "split_column": "day", "folds": 60}, "all rows of one mom"),
    ],
)
def test_a_split_that_cannot_be_is_refused(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    paths = [visits(tmp_path / "a.csv")]
    given = settings(**change, in_memory_mb=9)
    with pytest.raises(ConfigError, match=message):
        training, _ = Table(paths, VISITS, given).parts()
        Table(paths, VISITS, given).folds(training)


def test_all_scores_are_those_of_the_predictions() -> None:
    outputs = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
    labels, classes = np.array([0, 1, 1, 1]), ("no", "accuracy")
    scores = validation.score_outputs(outputs, labels, classes)
    assert scores["accuracy"] == scores["baseline"] == 0.75 and scores["rows"] == 4
    assert scores["balanced_accuracy"] == pytest.approx((1 + 2 / 3) / 2)
    assert scores["roc_auc"] == scores["average_precision"] == 1
    assert scores["loss"] == pytest.approx(-np.log([0.9, 0.8, 0.4, 0.7]).mean())
    assert scores["confusion_matrix"] == [[1, 0], [1, 2]]
    assert scores["classes"]["accuracy"]["recall"] == pytest.approx(2 / 3)
    assert json.dumps(scores)
    alone = validation.score_outputs(outputs[1:], labels[1:], classes)
    assert "roc_auc" not in alone and alone["balanced_accuracy"] == pytest.approx(2 / 3)
