"""How often an interval holds the truth."""

import numpy as np

from {{ cookiecutter.package_name }}.reporting import intervals

DRAWING = intervals.Drawing(samples=200, confidence=0.95, seed=1)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    held = 0
    for seed in range(200):
        right = np.random.default_rng(seed).binomial(1, 0.8, 150).astype(np.float64)
        accuracy = intervals.mean_of(right)
        found = intervals.measured("accuracy", "", accuracy, len(right), DRAWING)
        assert found.low is not None and found.high is not None
        held += found.low <= 0.8 <= found.high
    print(f"{held} of 200 intervals of 95 % hold the true accuracy")
    assert 180 <= held <= 199
