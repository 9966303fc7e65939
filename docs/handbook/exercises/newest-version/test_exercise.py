from exercise import newest


def test_that_ten_comes_after_nine():
    assert newest(["2.9", "2.10", "3.0"], ">=2,<3") == "2.10"


def test_that_a_pre_release_does_not_count():
    assert newest(["2.9", "2.10rc1"], ">=2") == "2.9"


def test_that_there_may_be_none():
    assert newest(["1.0"], ">=2") is None
