import numpy as np
import pytest
from exercise import mean_squared_error


class NoLoop(np.ndarray):
    """An array that cannot be walked over in Python."""

    def __iter__(self):
        raise AssertionError("a loop in Python")


def test_the_value():
    assert mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])) == 2.0


def test_that_no_loop_is_in_python():
    truth, predicted = np.arange(6.0).view(NoLoop), np.ones(6).view(NoLoop)
    assert mean_squared_error(truth, predicted) == pytest.approx(31 / 6)
