"""The scores of a classification, against scikit-learn's; its calibration."""

import numpy as np
import pytest
from sklearn import metrics

from {{ cookiecutter.package_name }}.reporting import class_scores, classes
from {{ cookiecutter.package_name }}.reporting.intervals import Drawing
from {{ cookiecutter.package_name }}.reporting.scored import Scored

DRAWING = Drawing(samples=200, confidence=0.95, seed=1)


def scored(rows: int, classes_: int, seed: int = 0) -> Scored:
    """Return rows whose probabilities say something of their classes, with ties."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, classes_, rows)
    scores = random.random((rows, classes_)).round(2) + 0.01
    scores[np.arange(rows), truth] += 0.4
    return Scored(
        truth=truth,
        outputs=scores / scores.sum(axis=1, keepdims=True),
        numbers=np.arange(rows),
        classes=tuple("abcdef"[:classes_]),
        target="letter",
        noun="rows",
        available=rows,
    )


@pytest.mark.parametrize("classes_", [2, 4])
def test_scores_are_those_of_scikit_learn(classes_: int) -> None:
    rows = scored(150, classes_)
    found = {each.key: each for each in class_scores.class_measures(rows, DRAWING)}
    areas = [
        metrics.roc_auc_score(rows.truth == number, rows.outputs[:, number])
        for number in range(classes_)
    ]
    expected = {
        "accuracy": metrics.accuracy_score(rows.truth, rows.predicted),
        "f1": metrics.f1_score(rows.truth, rows.predicted, average="macro"),
        "roc_auc": np.mean(areas),
        "log_loss": metrics.log_loss(rows.truth, rows.outputs),
    }
    for key, value in expected.items():
        assert found[key].value == pytest.approx(value)
    hit = np.eye(classes_)[rows.truth]
    brier = ((rows.outputs - hit) ** 2).sum(axis=1).mean()
    assert found["brier_score"].value == pytest.approx(brier)
    for each in found.values():
        assert each.low is not None and each.high is not None
        assert each.low < each.value < each.high


def test_the_same_seed_gives_the_same_interval() -> None:
    rows = scored(80, 3)
    first, again, other = (
        class_scores.class_measures(rows, Drawing(200, 0.95, seed))
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_what_cannot_be_computed_is_left_out() -> None:
    rows = scored(1, 3)
    found = {each.key: each for each in class_scores.class_measures(rows, DRAWING)}
    assert "roc_auc" not in found  # needs two classes
    assert found["accuracy"].low is None and found["accuracy"].interval == "–"


def test_the_calibration_error_is_the_mean_distance_of_the_bins() -> None:
    # Ten rows at 0.95, of which nine are right; ten at 0.65, of which three are.
    sure = np.repeat([0.95, 0.65], 10)
    right = np.array([1] * 9 + [0] + [1] * 3 + [0] * 7)
    rows = Scored(
        truth=1 - right,  # class 0 is predicted throughout
        outputs=np.stack([sure, 1 - sure], axis=1),
        numbers=np.arange(20),
        classes=("no", "yes"),
        target="answer",
        noun="rows",
        available=20,
    )
    assert classes.calibration_error(rows) == pytest.approx((0.05 + 0.35) / 2)
    counts, confidence, accuracy = classes.confidence_bins(rows)
    assert counts.tolist() == [10, 10]
    np.testing.assert_allclose(confidence, [0.65, 0.95])
    np.testing.assert_allclose(accuracy, [0.3, 0.9])
