"""A good split is accepted, each broken one is found."""

import pytest
from exercise import check_split


def good(rows, share):
    """Split a list; the only correct one here."""
    cut = round(len(rows) * share)
    return rows[:cut], rows[cut:]


def loses_a_row(rows, share):
    """Leave out the row at the cut."""
    cut = round(len(rows) * share)
    return rows[:cut], rows[cut + 1 :]


def overlaps(rows, share):
    """Put one row into both parts."""
    cut = round(len(rows) * share)
    return rows[:cut], rows[max(cut - 1, 0) :]


def ignores_the_share(rows, share):
    """Cut in the middle, whatever is asked for."""
    return good(rows, 0.5)


def empties_what_it_was_given(rows, share):
    """Return the right parts, but change the caller's list."""
    parts = good(rows, share)
    rows.clear()
    return parts


def test_a_correct_split_is_accepted():
    check_split(good)


@pytest.mark.parametrize(
    "broken", [loses_a_row, overlaps, ignores_the_share, empties_what_it_was_given]
)
def test_a_broken_split_is_found(broken):
    with pytest.raises(AssertionError):
        check_split(broken)
