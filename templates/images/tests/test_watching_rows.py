"""What `monitor` compares of images; how often it is wrong, and what it catches."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from {{ cookiecutter.package_name }}.inputs import Inputs
from {{ cookiecutter.package_name }}.watching import drift, reference, rows
from {{ cookiecutter.package_name }}.watching.drift import Array, Finding
from {{ cookiecutter.package_name }}.watching.settings import MonitorSettings

INPUTS = Inputs(height=8, width=8, max_value=16)
CLASSES = tuple("0123456789")
ALPHA = 0.05
RESAMPLES = 200
ROWS = 200  # as many as the README names
TRAINED = 397  # digits that only the model sees

Change = Callable[[Array, np.random.Generator], Array]
Watched = Callable[[int, Change | None], list[Finding]]


@pytest.fixture(scope="module")
def watched() -> Watched:
    """Compare 200 digits of a random draw, perhaps changed, with 1200 others."""
    bunch = load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.images))
    images, labels = bunch.images[order], bunch.target[order]
    model = LinearDiscriminantAnalysis()
    model.fit(images[:TRAINED].reshape(TRAINED, -1), labels[:TRAINED])
    images, labels = images[TRAINED:], labels[TRAINED:]

    def variables(chosen: Array) -> drift.Variables:
        return rows.input_variables({"images": chosen}, INPUTS)

    def said(chosen: Array) -> Array:
        return np.asarray(model.predict_proba(chosen.reshape(len(chosen), -1)))

    clean: drift.Variables = variables(images)
    clean_said = said(images)

    def compared(seed: int, change: Change | None = None) -> list[Finding]:
        generator = np.random.default_rng(seed)
        drawn = generator.permutation(len(images))
        now, before = drawn[:ROWS], drawn[ROWS:]
        known = reference.Reference(
            {name: each[before] for name, each in clean.items()},
            reference.output_variables(clean_said[before], CLASSES),
            reference.errors(clean_said[before], labels[before], CLASSES),
        )
        if change is None:
            inputs: drift.Variables = {n: each[now] for n, each in clean.items()}
            outputs = clean_said[now]
            wrong = reference.errors(outputs, labels[now], CLASSES)
        else:
            changed = change(images[now], generator)
            inputs, outputs, wrong = variables(changed), said(changed), None
        return drift.compare_all(
            known, inputs, reference.output_variables(outputs, CLASSES), wrong
        )

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
    alarms = [watched(seed, None)[0].adjusted <= ALPHA for seed in range(RESAMPLES)]
    print(f"{sum(alarms)} false alarms in {RESAMPLES} runs of {ROWS} clean images")
    assert sum(alarms) <= ALPHA * RESAMPLES


@pytest.mark.parametrize("change", [rotated, noised, inverted])
def test_changed_images_are_caught_each_time(watched: Watched, change: Change) -> None:
    alarms = [watched(seed, change)[0].adjusted <= ALPHA for seed in range(20)]
    print(f"{change.__name__}: {sum(alarms)} of 20 runs of {ROWS} images caught")
    assert all(alarms)


def test_the_figures_of_an_image_are_those_of_a_plain_loop() -> None:
    image = np.random.default_rng(0).integers(0, 17, (1, 6, 5)).astype(float)
    found = rows.input_variables(
        {"images": image}, Inputs(height=6, width=5, max_value=16)
    )
    scaled = image[0] / 16
    assert found["brightness"] == pytest.approx(scaled.mean())
    assert found["contrast"] == pytest.approx(scaled.std())
    across = np.abs(scaled[:, 1:] - scaled[:, :-1]).mean()
    down = np.abs(scaled[1:] - scaled[:-1]).mean()
    assert found["sharpness"] == pytest.approx((across + down) / 2)
    assert len(found) == 3 + 3 * 2
    assert found["y2-3 x2-4"] == pytest.approx(scaled[2:4, 2:5].mean())
    assert rows.input_variables({}, INPUTS) == {}


def test_areas_cover_an_image_once() -> None:
    for size in (1, 2, 3, 8, 28, 100):
        edges = rows.edges(size)
        assert edges[0] == 0 and edges[-1] == size
        assert all(np.diff(edges) >= min(2, size)) and len(edges) <= 8


def test_a_row_keeps_its_number_when_some_are_drawn(project: Path) -> None:
    images = np.arange(50)[:, None, None] % 16 * np.ones((1, 8, 8))
    np.save("images.npy", images)
    settings = MonitorSettings(input=Path("images.npy"), max_rows=30)
    manifest = type("Known", (), {"inputs": INPUTS})()
    feeds, numbers, truth = rows.read_rows(
        settings, Path("images.npy"), project, manifest
    )
    assert len(numbers) == 30 and not truth
    assert (feeds["images"][:, 0, 0] == numbers % 16).all()
