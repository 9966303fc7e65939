import pytest
from exercise import accuracy


def test_three_of_four() -> None:
    assert accuracy([7, 2, 1, 0], [7, 2, 1, 9]) == 0.75


def test_each_prediction_needs_its_true_value() -> None:
    with pytest.raises(ValueError):
        accuracy([7, 2], [7])
