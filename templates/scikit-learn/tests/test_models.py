"""The pipeline: what it learns, takes, refuses and keeps."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from {{ cookiecutter.package_name }} import models
from {{ cookiecutter.package_name }}.config import ConfigError
from {{ cookiecutter.package_name }}.inputs import Kind, Task
from {{ cookiecutter.package_name }}.models import Estimator

from samples import mixed_table

KINDS: dict[str, Kind] = {"age": "number", "city": "category"}
CASES: list[tuple[Task, Estimator]] = [
    ("classification", "linear"),
    ("classification", "forest"),
    ("classification", "boosting"),
    ("classification", "sgd"),
    ("regression", "linear"),
    ("regression", "forest"),
    ("regression", "boosting"),
    ("regression", "sgd"),
]
FEWER = {"forest": {"n_estimators": 10}, "boosting": {"max_iter": 20}}


def learnable(task: Task) -> tuple[pd.DataFrame, models.Target]:
    """Return columns with empty cells, and a target that follows from them."""
    frame = mixed_table()[list(KINDS)]
    old = np.nan_to_num(frame["age"].to_numpy(), nan=50)
    if task == "regression":
        return frame, old + 30.0 * (frame["city"] == "Köln").to_numpy()
    return frame, (old > 50).astype(np.int64)


def fitted(task: Task, estimator: Estimator, seed: int = 1) -> Pipeline:
    """Return a pipeline that was fitted to that."""
    parameters = FEWER.get(estimator)
    pipeline = models.build_pipeline(KINDS, task, estimator, parameters, seed)
    return models.train_model(pipeline, *learnable(task))


@pytest.mark.parametrize(("task", "estimator"), CASES)
def test_a_pipeline_learns_and_is_the_same_after_it_was_saved(
    task: Task, estimator: Estimator, tmp_path: Path
) -> None:
    frame, target = learnable(task)
    pipeline = fitted(task, estimator)
    assert list(pipeline.named_steps) == ["prepare", "model"]
    assert pipeline.score(frame, target) > 0.9
    models.save_model(pipeline, tmp_path)
    loaded = models.load_model(tmp_path)
    np.testing.assert_array_equal(loaded.predict(frame), pipeline.predict(frame))
    again = fitted(task, estimator)
    np.testing.assert_array_equal(again.predict(frame), pipeline.predict(frame))


@pytest.mark.parametrize("estimator", ["linear", "boosting"])
def test_unseen_categories_and_empty_cells_are_predicted(estimator: Estimator) -> None:
    frame = pd.DataFrame({"age": [np.nan, 90], "city": ["Atlantis", None]})
    table = models.predict_table(
        fitted("classification", estimator), frame, ("young", "old")
    )
    assert table["class"].iloc[1] == "old"
    assert table["probability"].between(0.5, 1).all()


def test_a_text_where_the_model_takes_a_number_is_not_predicted() -> None:
    frame = pd.DataFrame({"age": ["old"], "city": ["Köln"]})
    with pytest.raises(ValueError, match="non-numeric|could not convert"):
        fitted("classification", "linear").predict(frame)


def test_numbers_are_scaled_by_the_training_rows_alone() -> None:
    frame, _ = learnable("regression")
    prepare = fitted("regression", "linear").named_steps["prepare"]
    scaled = prepare.transform(frame)
    assert scaled.mean(axis=0)[0] == pytest.approx(0, abs=1e-9)
    shifted = prepare.transform(frame.assign(age=frame["age"] + 100))
    assert shifted[1, 0] - scaled[1, 0] == pytest.approx(
        100 / np.std(frame["age"].fillna(frame["age"].median()))
    )


def test_another_seed_grows_another_forest() -> None:
    frame, _ = learnable("regression")
    one, two = (fitted("regression", "forest", seed).predict(frame) for seed in (1, 2))
    assert not np.array_equal(one, two)


def test_cross_validation_scores_each_part_and_changes_nothing() -> None:
    pipeline = models.build_pipeline(KINDS, "classification")
    frame, target = learnable("classification")
    scores = models.cross_validate(pipeline, frame, target, "classification", 4)
    assert {name: len(values) for name, values in scores.items()} == {
        "cv_accuracy": 4,
        "cv_loss": 4,
    }
    assert min(scores["cv_accuracy"]) > 0.8 and min(scores["cv_loss"]) > 0
    assert not hasattr(pipeline.named_steps["model"], "coef_")
    again = models.cross_validate(pipeline, frame, target, "classification", 4)
    assert again == scores
    frame, target = learnable("regression")
    pipeline = models.build_pipeline(KINDS, "regression")
    scores = models.cross_validate(pipeline, frame, target, "regression", 3)
    assert min(scores["cv_r2"]) > 0.9 and min(scores["cv_rmse"]) > 0


@pytest.mark.parametrize(
    ("task", "message"),
    [("classification", "rarest class has 3 rows"), ("regression", "has 3 rows")],
)
def test_more_parts_than_rows_are_refused(task: Task, message: str) -> None:
    frame = pd.DataFrame({"age": [1.0] * 6, "city": "Köln"})
    with pytest.raises(ConfigError, match=message):
        models.cross_validate(
            models.build_pipeline(KINDS, task), frame, np.array([0, 1] * 3), task, 4
        )


def test_a_parameter_that_the_estimator_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="LogisticRegression has no c; it has C, "):
        models.build_pipeline(KINDS, "classification", "linear", {"c": 1})


def test_a_value_that_a_parameter_cannot_have_is_refused() -> None:
    pipeline = models.build_pipeline(KINDS, "classification", "linear", {"C": -1})
    frame, target = learnable("classification")
    with pytest.raises(ConfigError, match="parameters: The 'C' parameter"):
        models.train_model(pipeline, frame, target)
    with pytest.raises(ConfigError, match="parameters: (.|\n)*The 'C' parameter"):
        models.cross_validate(pipeline, frame, target, "classification")


def test_what_is_no_fault_of_a_parameter_is_not_called_one() -> None:
    pipeline = models.build_pipeline(KINDS, "classification")
    frame, target = learnable("classification")
    with pytest.raises(ValueError, match="inconsistent numbers") as refused:
        models.train_model(pipeline, frame, target[1:])
    assert not isinstance(refused.value, ConfigError)


def test_scores_of_a_classifier_are_those_of_its_predictions() -> None:
    frame, target = learnable("classification")
    pipeline = fitted("classification", "linear")
    scores = models.evaluate_model(pipeline, frame, target, ("young", "old"))
    right = pipeline.predict(frame) == target
    assert scores["accuracy"] == pytest.approx(right.mean())
    assert scores["rows"] == len(frame) == np.sum(scores["confusion_matrix"])
    assert scores["classes"]["old"]["support"] == target.sum()
    missed = scores["confusion_matrix"][1][0]
    assert scores["classes"]["old"]["recall"] == pytest.approx(
        1 - missed / target.sum()
    )


def test_scores_of_a_regression_are_those_of_its_predictions() -> None:
    frame, target = learnable("regression")
    pipeline = fitted("regression", "linear")
    scores = models.evaluate_model(pipeline, frame, target, ())
    off = pipeline.predict(frame) - target
    assert scores["mae"] == pytest.approx(np.abs(off).mean())
    assert scores["rmse"] == pytest.approx(np.sqrt((off**2).mean()))
    assert scores["r2"] == pytest.approx(1 - (off**2).mean() / target.var())


def test_values_are_predicted_by_row() -> None:
    frame, _ = learnable("regression")
    part = frame.set_axis(range(2, 2 + len(frame))).iloc[5:7]
    table = models.predict_table(fitted("regression", "linear"), part, ())
    assert list(table.columns) == ["value"] and list(table.index) == [7, 8]
