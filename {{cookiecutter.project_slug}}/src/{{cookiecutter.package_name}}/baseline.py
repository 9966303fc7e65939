"""The simplest guess, which a model has to beat."""

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from .inputs import Task
from .models import Target


def baseline_score(
    train_target: Target, target: Target, task: Task
) -> dict[str, float | str]:
    """Score the simplest guess: the most frequent class, or the mean, of the training.

    Returns:
        `accuracy` or `r2` on `target`, and `guess`: what the guess is.
    """
    nothing = np.zeros((len(train_target), 1))
    guess = (
        DummyClassifier(strategy="most_frequent")
        if task == "classification"
        else DummyRegressor(strategy="mean")
    )
    score = guess.fit(nothing, train_target).score(np.zeros((len(target), 1)), target)
    name, what = (
        ("accuracy", "always the most frequent class")
        if task == "classification"
        else ("r2", "always the mean")
    )
    return {name: float(score), "guess": what}
