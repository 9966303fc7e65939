"""The page about capacity, docs/explanation/capacity.md, says what the model says."""

import runpy

import pytest

from conftest import ROOT

MODEL = runpy.run_path(str(ROOT / "benchmarks/capacity.py"))


def test_the_page_has_what_the_simulation_prints_and_draws() -> None:
    page = (ROOT / "docs/explanation/capacity.md").read_text(encoding="utf-8")
    for table in [*MODEL["tables"]().split("\n\n"), MODEL["workers"]()]:
        assert table in page, "put in what `python benchmarks/capacity.py` prints"
    assert MODEL["PLOT"].read_text(encoding="utf-8") == MODEL["plot"]()


def test_a_worker_loses_no_request() -> None:
    asked = MODEL["Worker"](clients=16)
    assert asked.lost == 0 and asked.in_hand == 16
    flooded = MODEL["Worker"](rate=3 / MODEL["EACH"])
    assert flooded.in_hand == MODEL["IN_HAND"]
    assert flooded.lost == pytest.approx(2 / 3, abs=0.05)


def test_one_and_two_workers_do_what_the_model_says() -> None:
    for clients, rates in MODEL["played"]().items():
        assert rates == pytest.approx(MODEL["MEASURED"][clients], rel=0.2), clients
