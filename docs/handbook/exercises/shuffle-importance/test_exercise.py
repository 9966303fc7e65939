"""A column that decides matters, one that is not read does not."""

import numpy as np
import pytest
from exercise import importance

X = np.random.default_rng(1).normal(size=(2000, 3))


def predict(x):
    """Decide by the first column, and a little by the second."""
    return (x[:, 0] + 0.3 * x[:, 1] > 0).astype(int)


def test_columns_matter_as_much_as_they_are_used():
    found = importance(predict, X, predict(X))
    assert found[0] > 0.3
    assert 0.05 < found[1] < found[0]
    assert found[2] == 0


def test_the_accuracy_before_counts():
    wrong = 1 - predict(X)
    assert importance(predict, X, wrong)[0] == pytest.approx(
        -importance(predict, X, predict(X))[0]
    )


def test_the_table_stays_as_it_is():
    before = X.copy()
    importance(predict, X, predict(X))
    assert np.array_equal(X, before)
