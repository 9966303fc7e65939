"""Combinations, what is excluded, and what is included."""

from exercise import expand

LISTS = {"os": ["linux", "macos"], "python": ["3.11", "3.12"]}


def test_every_combination_is_a_job():
    assert expand(LISTS) == [
        {"os": "linux", "python": "3.11"},
        {"os": "linux", "python": "3.12"},
        {"os": "macos", "python": "3.11"},
        {"os": "macos", "python": "3.12"},
    ]


def test_one_that_is_excluded_is_none():
    one = expand({**LISTS, "exclude": [{"os": "macos", "python": "3.11"}]})
    assert len(one) == 3 and {"os": "macos", "python": "3.11"} not in one


def test_a_part_excludes_all_that_have_it():
    assert {job["os"] for job in expand({**LISTS, "exclude": [{"os": "macos"}]})} == {
        "linux"
    }


def test_what_is_included_comes_last_and_may_be_all():
    more = {"os": "windows", "python": "3.13"}
    assert expand({**LISTS, "include": [more]})[4:] == [more]
    assert expand({"include": [more]}) == [more]
