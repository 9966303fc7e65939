"""How often `monitor` is wrong about images, and what it catches."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from {{ cookiecutter.package_name }}.adapter import Array, Inputs, describe
from {{ cookiecutter.package_name }}.monitoring import drift
from {{ cookiecutter.package_name }}.monitoring.drift import Sample

INPUTS = Inputs(shape=(8, 8), max_value=16)
CLASSES = tuple("0123456789")
ALPHA = 0.05
RESAMPLES = 20
ROWS = 200  # as many as the README names
TRAINED = 397  # digits that only the model sees

Change = Callable[[Array, np.random.Generator], Array]
Watched = Callable[[int, Change | None], pd.DataFrame]


@pytest.fixture(scope="module")
def watched() -> Watched:
    """Compare 200 digits of a random draw, perhaps changed, with 1200 others."""
    bunch = load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.images))
    images, labels = bunch.images[order], bunch.target[order]
    model = LinearDiscriminantAnalysis()
    model.fit(images[:TRAINED].reshape(TRAINED, -1), labels[:TRAINED])
    images, labels = images[TRAINED:], labels[TRAINED:]

    def sample(chosen: Array, truth: Array) -> Sample:
        outputs = model.predict_proba(chosen.reshape(len(chosen), -1))
        return Sample(describe(chosen, INPUTS), outputs, truth)

    def compared(seed: int, change: Change | None = None) -> pd.DataFrame:
        generator = np.random.default_rng(seed)
        drawn = generator.permutation(len(images))
        now, before = drawn[:ROWS], drawn[ROWS:]
        # Of what is changed, nobody knows yet what is true.
        rows, truth = images[now], labels[now].astype(float)
        if change is not None:
            rows, truth = change(rows, generator), np.full(ROWS, np.nan)
        old = sample(images[before], labels[before].astype(float))
        return drift.compare(old, sample(rows, truth), CLASSES)

    return compared


def rotated(images: Array, generator: np.random.Generator) -> Array:
    """Turn images by a quarter."""
    return np.rot90(images, axes=(1, 2))


def noised(images: Array, generator: np.random.Generator) -> Array:
    """Add noise: its standard deviation is a tenth of the brightest pixel."""
    return np.clip(images + generator.normal(0, 1.6, images.shape), 0, 16)


def inverted(images: Array, generator: np.random.Generator) -> Array:
    """Show light as dark."""
    return np.asarray(16 - images)


def test_clean_images_raise_no_more_false_alarms_than_allowed(watched: Watched) -> None:
    found = [watched(seed, None) for seed in range(RESAMPLES)]
    alarms = [each["adjusted"].min() <= ALPHA for each in found]
    print(f"{sum(alarms)} false alarms in {RESAMPLES} runs of {ROWS} clean images")
    assert sum(alarms) <= ALPHA * RESAMPLES
    # Each test alone, which so few runs say more about.
    assert (pd.concat(found)["p"] <= ALPHA).mean() <= ALPHA


@pytest.mark.parametrize("change", [rotated, noised, inverted])
def test_changed_images_are_caught_each_time(watched: Watched, change: Change) -> None:
    alarms = [watched(seed, change)["adjusted"].min() <= ALPHA for seed in range(5)]
    print(f"{change.__name__}: {sum(alarms)} of 5 runs of {ROWS} images caught")
    assert all(alarms)


def test_images_are_described_in_shares_of_the_largest_pixel() -> None:
    images = load_digits().images
    described = describe(images, INPUTS)
    assert len(described) == 3 + 4 * 4  # areas of two pixels at least
    for values in described.values():
        assert values.shape == (len(images),)
        assert 0 <= values.min() and values.max() <= 1
    one = np.zeros((1, 8, 8))
    one[0, :2, 6:] = 16
    found = describe(one, INPUTS)
    assert found["y0-1 x6-7"] == 1 and found["y0-1 x4-5"] == 0
    assert found["brightness"] == pytest.approx(1 / 16)
