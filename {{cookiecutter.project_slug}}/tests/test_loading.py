"""From settings to rows."""

from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import loading, main, schema
from {{ cookiecutter.package_name }}.config import load_settings
from {{ cookiecutter.package_name }}.datasets import DataError
from {{ cookiecutter.package_name }}.settings import TrainSettings

from samples import MIXED, ONLY_ONCE


def settings(*arguments: str) -> TrainSettings:
    """Return the settings of a training."""
    return load_settings(TrainSettings, arguments, "train")


def test_training_rows_are_checked_and_never_those_of_the_test(mixed: Path) -> None:
    source, expected = loading.find_with_schema(settings(*MIXED))
    training, bad = loading.load_training(settings(*MIXED), source, expected)
    assert (source.name, len(training), bad) == ("people", 128, 0)
    assert list(training) == list(expected.columns)
    assert ONLY_ONCE not in training.index
    features, target = loading.split_target(training, expected)
    assert "paid" not in features
    np.testing.assert_array_equal(target, training["paid"] == "yes")


def test_a_schema_for_another_target_is_refused(mixed: Path) -> None:
    options = ("--data", str(mixed), "--target", "age", "--task", "regression")
    with pytest.raises(DataError, match="is for classification of 'paid'"):
        loading.find_with_schema(settings(*options))


def test_the_target_of_a_regression_stays_as_it_is(project: Path) -> None:
    assert main.main(["schema", "--data", "diabetes"]) == 0
    chosen = settings("--data", "diabetes")
    source, expected = loading.find_with_schema(chosen)
    training, _ = loading.load_training(chosen, source, expected)
    _, target = loading.split_target(training, expected)
    np.testing.assert_array_equal(target, training["progression"])
    assert target.dtype == np.float64


def test_a_column_that_is_dropped_may_not_be_in_the_schema(mixed: Path) -> None:
    chosen = settings(*MIXED, "--drop", "city")
    source, expected = loading.find_with_schema(chosen)
    with pytest.raises(DataError, match="missing: *city"):
        loading.load_training(chosen, source, expected)
    assert main.main(["schema", *MIXED, "--drop", "city", "--force"]) == 0
    source, expected = loading.find_with_schema(chosen)
    training, _ = loading.load_training(chosen, source, expected)
    assert "city" not in training
    assert "city" not in expected.kinds
    assert schema.read_schema(Path("configs/schemas/people.yaml")) == expected


def test_a_class_of_the_schema_without_a_row_is_refused(mixed: Path) -> None:
    chosen = settings(*MIXED)
    path = Path("configs/schemas/people.yaml")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("['no', 'yes']", "[maybe, 'no', 'yes']"), "utf-8")
    source, expected = loading.find_with_schema(chosen)
    assert expected.classes == ("maybe", "no", "yes")
    with pytest.raises(DataError, match="no row of maybe, which the schema lists"):
        loading.load_training(chosen, source, expected)
