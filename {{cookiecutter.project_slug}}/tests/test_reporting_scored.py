"""Which rows are scored, what they cost, and how they are grouped."""

from dataclasses import replace

import numpy as np
import pytest

from {{ cookiecutter.package_name }}.reporting import scored

ROWS = scored.Scored(
    truth=np.array([0, 0]),
    outputs=np.array([[0.0, 1.0], [1.0, 0.0]]),
    numbers=np.arange(2),
    classes=("a", "b"),
    target="letter",
    noun="rows",
    available=2,
)


def test_a_probability_of_0_costs_much_but_not_infinitely_much() -> None:
    assert 30 < ROWS.losses[0] < 40 and ROWS.losses[1] == pytest.approx(0)


@pytest.mark.parametrize(
    ("available", "extent"),
    [
        (2, "All 2 test rows"),
        (200, "2 test rows, drawn from all 200"),
        (None, "2 test rows, drawn from a file larger than memory"),
    ],
)
def test_it_is_said_which_rows_were_scored(available: int | None, extent: str) -> None:
    assert replace(ROWS, available=available).extent == extent


def test_rows_are_drawn_by_a_seed_and_stay_in_order() -> None:
    places = scored.drawn(100, 10, seed=3)
    assert len(set(places)) == 10 and places.tolist() == sorted(places)
    assert places.tolist() == scored.drawn(100, 10, seed=3).tolist()
    assert scored.drawn(4, 10, seed=3).tolist() == [0, 1, 2, 3]


def test_quarters_divide_the_rows_and_leave_none_out() -> None:
    values = np.array([4.0, 1, 2, 3, np.nan, 5, 6, 7, 8])
    found = list(scored.quarters("age", values))
    assert [group.name for group in found] == [
        "age: 1 to 2.75",
        "age: 2.75 to 4.5",
        "age: 4.5 to 6.25",
        "age: 6.25 to 8",
        "age: missing",
    ]
    members = np.stack([group.rows for group in found])
    assert members.sum(axis=0).tolist() == [1] * 9
    assert [int(group.rows.sum()) for group in found] == [2, 2, 2, 2, 1]


@pytest.mark.parametrize("value", [3.0, np.nan])
def test_a_column_with_one_value_is_one_group(value: float) -> None:
    (group,) = scored.quarters("age", np.full(5, value))
    assert group.rows.all()
