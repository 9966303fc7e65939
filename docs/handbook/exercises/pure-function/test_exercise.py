import pytest
from exercise import normalised


def test_that_the_arguments_stay():
    rows = [[1, 3], [2, 2]]
    assert normalised(rows) == [[0.25, 0.75], [0.5, 0.5]]
    assert rows == [[1, 3], [2, 2]]


def test_that_the_row_at_fault_is_named():
    with pytest.raises(ValueError, match="row 1"):
        normalised([[1, 1], [0, 0]])
