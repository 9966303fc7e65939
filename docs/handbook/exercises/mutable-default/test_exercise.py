from exercise import count_labels


def test_that_each_call_starts_anew():
    assert count_labels("aab") == {"a": 2, "b": 1}
    assert count_labels("a") == {"a": 1}


def test_that_what_is_given_is_added_to_and_stays():
    before = {"a": 1}
    assert count_labels("ab", before) == {"a": 2, "b": 1}
    assert before == {"a": 1}
