"""Tests of scores that are added up."""

import numpy as np
import pytest
from sklearn import metrics

from {{ cookiecutter.package_name }}.scores import ClassScores, NumberScores


def test_sums_of_class_scores_are_those_of_all_rows() -> None:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet([1, 2, 3], 1000)
    targets = random.integers(0, 3, 1000)
    first = ClassScores.of(probabilities[:300], targets[:300])
    scores = (first + ClassScores.of(probabilities[300:], targets[300:])).summary("abc")
    predicted = probabilities.argmax(axis=1)
    report = metrics.classification_report(
        targets, predicted, target_names=list("abc"), output_dict=True
    )
    assert scores["accuracy"] == metrics.accuracy_score(targets, predicted)
    assert scores["loss"] == pytest.approx(metrics.log_loss(targets, probabilities))
    assert scores["rows"] == 1000
    for name in "abc":
        assert scores["classes"][name] == pytest.approx(report[name])
    confusion = metrics.confusion_matrix(targets, predicted)
    assert scores["confusion_matrix"] == confusion.tolist()


def test_a_class_that_is_never_seen_scores_nothing() -> None:
    scores = ClassScores.of(np.array([[0.9, 0.1]]), np.array([0])).summary("ab")
    assert scores["classes"]["b"] == {
        "precision": 0,
        "recall": 0,
        "f1-score": 0,
        "support": 0,
    }


def test_sums_of_number_scores_are_those_of_all_rows() -> None:
    random = np.random.default_rng(0)
    targets = random.normal(1e6, 1, 1000)  # sums of squares would lose the spread
    predicted = targets + random.normal(0, 0.5, 1000)
    first = NumberScores.of(predicted[:300], targets[:300])
    scores = (first + NumberScores.of(predicted[300:], targets[300:])).summary()
    assert scores["r2"] == pytest.approx(metrics.r2_score(targets, predicted))
    expected = metrics.mean_absolute_error(targets, predicted)
    assert scores["mae"] == pytest.approx(expected)
    expected = metrics.root_mean_squared_error(targets, predicted)
    assert scores["rmse"] == pytest.approx(expected)
    assert scores["rows"] == 1000


def test_targets_that_are_all_the_same_explain_nothing() -> None:
    assert NumberScores.of(np.ones(3), np.zeros(3)).summary()["r2"] == 0
