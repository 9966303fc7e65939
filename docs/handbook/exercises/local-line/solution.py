"""Explain one row by a line."""

import numpy as np
from sklearn.linear_model import LinearRegression


def slopes(predict, row, width, seed=0):
    """Return the slopes of a line fitted to `predict` near a row."""
    away = np.random.default_rng(seed).normal(size=(2000, len(row)))
    near = np.exp(-((np.linalg.norm(away, axis=1) / width) ** 2))
    line = LinearRegression().fit(row + away, predict(row + away), sample_weight=near)
    return line.coef_
