"""The list of combinations, and the count of what it holds, from made-up questions."""

import pytest

from combinations import asked, coverage, every_pair, name_of, pairs_in, pairwise

SMALL = {"size": ["s", "l"], "colour": ["red", "blue"], "shape": ["round"]}


def test_every_pair_is_every_two_choices_of_two_questions() -> None:
    assert len(every_pair(SMALL)) == 2 * 2 + 2 * 1 + 2 * 1
    assert (("size", "s"), ("colour", "blue")) in every_pair(SMALL)


@pytest.mark.parametrize("allowed", [SMALL, asked()], ids=["small", "the template's"])
def test_the_list_holds_every_pair(allowed: dict[str, list[str]]) -> None:
    assert pairs_in(pairwise(allowed), allowed) == every_pair(allowed)


def test_the_list_starts_with_the_defaults_and_repeats_nothing() -> None:
    names = [name_of(row) for row in pairwise(asked())]
    assert names[0] == "-".join(
        filter(None, (allowed[0] for allowed in asked().values()))
    )
    assert len(set(names)) == len(names)


def test_a_row_that_was_not_rendered_is_missed() -> None:
    rows = pairwise(SMALL)
    assert coverage(rows, SMALL)[-1] == "4 renders hold 8 of 8 pairs: 100.0 %"
    assert coverage(rows[1:], SMALL)[-1] == "3 renders hold 7 of 8 pairs: 87.5 %"


def test_the_rows_are_shown_in_columns() -> None:
    assert coverage([{"size": "s", "colour": "red", "shape": "round"}], SMALL)[:2] == [
        "      size  colour  shape",
        "   1  s     red     round",
    ]
