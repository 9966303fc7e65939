"""The simplest guess."""

import numpy as np
import pytest

from {{ cookiecutter.package_name }}.baseline import baseline_score


def test_the_most_frequent_class_of_the_training_is_guessed() -> None:
    score = baseline_score(
        np.array([0, 1, 1]), np.array([0, 0, 0, 1]), "classification"
    )
    assert score == {"accuracy": 0.25, "guess": "always the most frequent class"}


def test_the_mean_of_the_training_is_guessed() -> None:
    score = baseline_score(np.array([1.0, 3.0]), np.array([0.0, 4.0]), "regression")
    assert score == {"r2": pytest.approx(0), "guess": "always the mean"}
