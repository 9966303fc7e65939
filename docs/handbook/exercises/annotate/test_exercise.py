"""The annotations are those that the docstring promises, and it still works."""

from collections.abc import Mapping
from typing import get_args, get_origin, get_type_hints

from exercise import best


def test_the_scores_are_numbers_by_name():
    hint = get_type_hints(best).get("scores")
    assert get_origin(hint) in (dict, Mapping)
    assert get_args(hint) == (str, float)


def test_a_name_or_nothing_is_returned():
    hint = get_type_hints(best).get("return")
    assert set(get_args(hint)) == {str, type(None)}


def test_it_still_works():
    assert best({"forest": 0.9, "linear": 0.8}) == "forest"
    assert best({}) is None
