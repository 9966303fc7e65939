from exercise import moving_average


def test_that_both_ends_are_there():
    assert moving_average([1, 3, 5, 9], 2) == [2, 4, 7]


def test_that_one_window_may_be_all():
    assert moving_average([1, 3], 2) == [2]
