"""Say what has to hold of a function that splits a list."""


def check_split(split):
    """Raise AssertionError unless `split(rows, share)` splits correctly."""
    rows = list(range(10))
    for share in (0, 0.2, 0.5, 1):
        first, second = split(rows, share)
        assert first + second == list(range(10))  # none lost, none twice, in order
        assert len(first) == round(10 * share)
        assert rows == list(range(10))  # what was given is left alone
