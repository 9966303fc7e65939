"""Fair shares: they add up, equals get the same, whoever adds nothing gets nothing."""

import pytest
from exercise import shapley


def test_a_sum_is_shared_as_it_is():
    prices = {"a": 1.0, "b": 2.0, "c": 4.0}
    found = shapley(lambda some: sum(prices[one] for one in some), list(prices))
    assert found == pytest.approx(prices)


def test_what_needs_both_is_halved():
    def both(some):
        return 6.0 if {"a", "b"} <= some else 0.0

    assert shapley(both, ["a", "b", "c"]) == pytest.approx({"a": 3, "b": 3, "c": 0})


def test_the_gloves():
    def pairs(some):  # a left glove, and two right ones
        return float("left" in some and len(some) > 1)

    found = shapley(pairs, ["left", "right 1", "right 2"])
    assert found == pytest.approx({"left": 2 / 3, "right 1": 1 / 6, "right 2": 1 / 6})


def test_they_add_up_to_the_difference_to_nobody():
    def value(some):
        return 10.0 + len(some) ** 2

    found = shapley(value, ["a", "b", "c"])
    assert sum(found.values()) == pytest.approx(9)
