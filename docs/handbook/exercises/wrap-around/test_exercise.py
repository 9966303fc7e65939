import numpy as np
from exercise import average


def test_that_nothing_wraps_around():
    bright, dark = np.full((2, 2), 200, np.uint8), np.full((2, 2), 100, np.uint8)
    assert average(bright, dark).tolist() == [[150, 150], [150, 150]]
    assert average(bright, bright).tolist() == [[200, 200], [200, 200]]


def test_that_the_type_stays():
    assert (
        average(np.ones((1, 1), np.uint8), np.ones((1, 1), np.uint8)).dtype == "uint8"
    )
