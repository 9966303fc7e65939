"""Names are names, whatever is in them."""

import sqlite3
from contextlib import closing

import pytest
from exercise import scores


@pytest.fixture
def database():
    """Make a database in memory with four runs."""
    with closing(sqlite3.connect(":memory:")) as made:
        made.execute("CREATE TABLE runs (name TEXT, score REAL)")
        runs = [("forest", 0.9), ("forest", 0.97), ("line", 0.95), ("d'Arc", 0.5)]
        made.executemany("INSERT INTO runs VALUES (?, ?)", runs)
        yield made


def test_the_best_comes_first(database):
    assert scores(database, "forest") == [0.97, 0.9]


def test_a_name_may_have_a_quotation_mark(database):
    assert scores(database, "d'Arc") == [0.5]


def test_a_name_is_no_command(database):
    assert scores(database, "x' OR '1'='1") == []
