"""A model is called better only if it is, and the reason is always given."""

from dataclasses import replace

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import judging

TRUTH = np.zeros(10, dtype=np.int64)


def said(*wrong: int) -> judging.Array:
    """Return probabilities that are right on all ten rows but these."""
    probabilities = np.tile([0.9, 0.1], (10, 1))
    probabilities[list(wrong)] = [0.2, 0.8]
    return probabilities


def test_only_rows_on_which_the_models_differ_count() -> None:
    found = judging.compare_classes(TRUTH, said(0, 1, 2, 3, 4, 5), said(0, 6))
    assert (found.champion, found.challenger) == (0.4, 0.8)
    assert found.gain == pytest.approx(0.4) and found.rows == 10
    assert found.test["only_the_challenger_right"] == 5
    assert found.test["only_the_champion_right"] == 1
    # Of six tosses of a coin, five heads or six: (6 + 1) / 2**6.
    assert found.p_value == pytest.approx(7 / 64)
    assert found.least == pytest.approx(0.5**6)


def test_models_that_say_the_same_cannot_be_told_apart() -> None:
    found = judging.compare_classes(TRUTH, said(3), said(3))
    assert found.p_value == 1 and found.gain == 0
    assert not judging.judge(replace(found, least=0), 0, 0.05).promote


def test_a_coin_makes_no_more_models_better_than_alpha() -> None:
    promoted = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        truth = np.zeros(360, dtype=np.int64)
        hard = random.random(360) < 0.1  # for both; each then errs half of the time
        champion, challenger = (
            np.eye(2)[(hard & (random.random(360) < 0.5)).astype(np.int64)]
            for _ in range(2)
        )
        found = judging.compare_classes(truth, champion, challenger)
        promoted += judging.judge(found, 0, 0.05).promote
    print(f"{promoted} of 200 models that are no better would be promoted")
    assert promoted <= 0.05 * 200


@pytest.mark.parametrize(
    ("gain", "p_value", "least", "margin", "promote", "why"),
    [
        (0.1, 0.01, 0.0, 0.0, True, "better, p = 0.01, alpha = 0.05"),
        (0.1, 0.01, 0.0, 0.1, True, "better, p = 0.01, alpha = 0.05"),
        (0.1, 0.01, 0.0, 0.2, False, "better by 0.1000, less than the margin of 0.2"),
        (0.1, 0.06, 0.0, 0.0, False, "may be chance: p = 0.06, alpha = 0.05"),
        (0.0, 1.00, 0.0, 0.0, False, "not better"),
        (0.1, 0.12, 0.12, 0.0, False, "too few rows or errors; even a model without"),
    ],
)
def test_the_verdict_says_why(
    gain: float, p_value: float, least: float, margin: float, promote: bool, why: str
) -> None:
    found = replace(
        judging.compare_classes(TRUTH, said(), said()),
        gain=gain,
        p_value=p_value,
        least=least,
    )
    verdict = judging.judge(found, margin, alpha=0.05)
    assert verdict.promote == promote and why in verdict.why
    assert "accuracy 1.0000 after 1.0000 on 10 rows" in verdict.why
