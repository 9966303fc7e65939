"""The page about capacity, docs/explanation/capacity.md, says what the model says."""

import runpy

import pytest

from conftest import ROOT

MODEL = runpy.run_path(str(ROOT / "benchmarks/capacity.py"))


def test_the_page_has_the_tables_that_the_simulation_prints() -> None:
    page = (ROOT / "docs/explanation/capacity.md").read_text(encoding="utf-8")
    for table in MODEL["tables"]().split("\n\n"):
        assert table in page, "put in what `python benchmarks/capacity.py` prints"


def test_a_worker_loses_no_request() -> None:
    asked = MODEL["Worker"](clients=16)
    assert asked.lost == 0 and asked.in_hand == 16
    flooded = MODEL["Worker"](rate=3 / MODEL["EACH"])
    assert flooded.in_hand == MODEL["IN_HAND"]
    assert flooded.lost == pytest.approx(2 / 3, abs=0.05)
