"""What is said of scores."""

import pytest

from {{ cookiecutter.package_name }} import results
from {{ cookiecutter.package_name }}.schema import Column, Schema


def test_scores_of_parts_become_mean_and_spread() -> None:
    assert results.summary({"cv_r2": [0.5, 0.7]}) == {
        "cv_r2_mean": pytest.approx(0.6),
        "cv_r2_std": pytest.approx(0.1),
    }


def test_the_score_that_counts_depends_on_the_task() -> None:
    number = {"y": Column(kind="number")}
    expected = Schema(target="y", task="regression", columns=number)
    assert results.main_score(expected) == "r2"
    classes = {"y": Column(kind="category", categories=("a", "b"))}
    expected = Schema(target="y", task="classification", columns=classes)
    assert results.main_score(expected) == "accuracy"


def test_classes_of_any_length_stay_in_their_column(
    capsys: pytest.CaptureFixture[str],
) -> None:
    score = {"precision": 0.5, "recall": 1.0, "support": 1234}
    classes = {"a": score, "a class with a long name": score}
    baseline: dict[str, float | str] = {"accuracy": 0.4, "guess": "always a"}
    results.print_scores({"accuracy": 0.5, "classes": classes}, baseline)
    header, first, second, *last = capsys.readouterr().out.splitlines()
    assert len(header) == len(first) == len(second)
    assert last == ["baseline accuracy: 0.4000 (always a)", "test accuracy: 0.5000"]
