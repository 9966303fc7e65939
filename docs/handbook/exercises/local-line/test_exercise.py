"""A line is found again; a curve has the slope that it has near the row."""

import numpy as np
import pytest
from exercise import slopes


def test_a_line_is_found_again():
    found = slopes(lambda x: 3 * x[:, 0] - 2 * x[:, 1] + 7, np.array([5.0, 1.0]), 1)
    assert found == pytest.approx([3, -2])


@pytest.mark.parametrize("place", [-2.0, 0.0, 3.0])
def test_a_curve_has_its_slope_there(place):
    found = slopes(lambda x: x[:, 0] ** 2, np.array([place]), 0.5)
    assert found == pytest.approx([2 * place], abs=0.2)


def test_what_is_far_away_counts_little():
    def step(x):  # flat near the row, steep at 1.5
        return np.where(x[:, 0] > 1.5, 100.0, 0.0)

    row = np.array([0.0])
    assert abs(slopes(step, row, 0.2)[0]) < 0.5
    assert slopes(step, row, 10)[0] > 5
