"""Say what has to hold of a function that splits a list."""


def check_split(split):
    """Raise AssertionError unless `split(rows, share)` splits correctly."""
    first, second = split([1, 2, 3, 4], 0.5)
    assert first
