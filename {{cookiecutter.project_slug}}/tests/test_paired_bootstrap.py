"""Two regressions, compared row by row."""

import numpy as np
import pytest
from sklearn import metrics

from {{ cookiecutter.package_name }} import paired_bootstrap
from {{ cookiecutter.package_name }}.judging import Array, Comparison, judge
from {{ cookiecutter.package_name }}.paired_bootstrap import compare_numbers

ROWS = 89


def compared(seed: int, champion: float, challenger: float) -> Comparison:
    """Compare two models whose errors have these deviations, half of them shared."""
    random = np.random.default_rng(seed)
    truth = random.normal(size=ROWS)
    shared = random.normal(size=ROWS)

    def says(deviation: float) -> Array:
        own = random.normal(size=ROWS)
        return np.asarray(truth + deviation * (shared + own) / np.sqrt(2))[:, None]

    return compare_numbers(truth, says(champion), says(challenger), seed)


def test_the_scores_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    truth = random.normal(size=50)
    said = [truth[:, None] + random.normal(0, 0.3, (50, 1)) for _ in range(2)]
    found = compare_numbers(truth, said[0], said[1])
    expected = [metrics.r2_score(truth, each[:, 0]) for each in said]
    assert [found.champion, found.challenger] == pytest.approx(expected)
    assert found.gain == pytest.approx(expected[1] - expected[0])
    assert found.rows == 50 and found.score == "r2"


def test_a_better_regression_is_found_and_a_worse_one_is_not() -> None:
    better, worse = compared(0, 0.5, 0.3), compared(0, 0.3, 0.5)
    assert judge(better, 0, 0.05).promote and better.p_value < 0.01
    assert not judge(worse, 0, 0.05).promote and worse.p_value > 0.99


def test_the_same_seed_gives_the_same_p_value() -> None:
    assert compared(3, 0.5, 0.45) == compared(3, 0.5, 0.45)


def test_few_models_that_are_no_better_pass_for_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paired_bootstrap, "RESAMPLES", 1000)
    promoted = sum(
        judge(compared(seed, 0.4, 0.4), 0, 0.05).promote for seed in range(200)
    )
    print(f"{promoted} of 200 regressions that are no better would be promoted")
    # alpha, and two standard deviations of a share of 200.
    assert promoted / 200 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)
