"""Measure what a model needs a column for."""

import numpy as np


def importance(predict, x, y, seed=0):
    """Return by how much the accuracy falls when each column is shuffled."""
    random = np.random.default_rng(seed)
    before = np.mean(predict(x) == y)
    losses = []
    for column in range(x.shape[1]):
        shuffled = x.copy()
        shuffled[:, column] = random.permutation(shuffled[:, column])
        losses.append(before - np.mean(predict(shuffled) == y))
    return np.array(losses)
