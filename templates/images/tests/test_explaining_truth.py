"""What the explanations of images say is true."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import spearmanr

from {{ cookiecutter.package_name }} import main, models, utils
from {{ cookiecutter.package_name }}.config import load_settings
from {{ cookiecutter.package_name }}.explaining import methods, subject
from {{ cookiecutter.package_name }}.explaining.subject import Subject
from {{ cookiecutter.package_name }}.registry import load_version
from {{ cookiecutter.package_name }}.settings import ExplainSettings

SIGNAL = "y2-3 x4-5"  # the only patch that the label depends on
TRAINING = ("--quiet", "--epochs", "30", "--batch-size", "32", "--hidden-units", "16")


def planted(count: int, seed: int) -> tuple[Any, Any]:
    """Return noise, uint8 (n, 8, 8) up to 16, and whether one patch is bright."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, count).astype(np.int64)
    images = random.integers(0, 9, (count, 8, 8)).astype(np.uint8)
    images[:, 2:4, 4:6] += (8 * labels[:, None, None]).astype(np.uint8)
    return images, labels


@pytest.fixture
def learned(project: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    """A network that has learned the planted patch, and 30 images."""
    parts = planted(600, 0), planted(100, 1)
    monkeypatch.setattr(utils, "load_digits", lambda: parts)
    assert main.main(["train", *TRAINING]) == 0
    return subject.load_subject(given(), *load_version(Path("models/model")))


def given(*options: str) -> ExplainSettings:
    """Return the settings of the command."""
    few = ("--explained-rows", "30", "--background-rows", "50", "--lime-samples", "200")
    return load_settings(ExplainSettings, [*few, *options], "explain")


def untrained(learned: Subject, seed: int) -> Subject:
    """Return the same images with a network whose weights are random."""
    models.set_seed(seed)
    model = models.build_mnist_model((8, 8), len(learned.classes), 16)
    return replace(learned, model=model)


def test_base_and_shap_values_of_pixels_add_up_to_the_probability(
    learned: Subject,
) -> None:
    for each in (learned, untrained(learned, 3)):
        found = methods.METHODS["shap"](each, given()).contributions
        assert found.base is not None and found.maps is not None
        assert found.maps.shape == (30, 8, 8)
        total = found.base + found.maps.sum(axis=(1, 2))
        difference = np.abs(total - found.output).max()
        print(f"base + sum - probability is at most {difference:.1e}")
        assert difference < 1e-3
        np.testing.assert_allclose(found.output, each.predict(each.rows).max(axis=1))
        np.testing.assert_allclose(found.values.sum(axis=1), total - found.base)


def test_the_patch_that_decides_is_ranked_first(learned: Subject) -> None:
    accuracy = np.mean(learned.explained == learned.labels)
    assert accuracy > 0.95
    few = replace(learned, rows=learned.rows[:5], numbers=learned.numbers[:5])
    for method, option, images in [
        ("shap", "--exact-shap", learned),
        ("shap", "--no-exact-shap", few),
        ("lime", "--lime-segments=grid", learned),
        ("lime", "--lime-segments=slic", learned),
        ("eli5", "--exact-shap", learned),
    ]:
        found = methods.METHODS[method](images, given(option))
        assert found.features[found.order[0]] == SIGNAL, (method, option)
        first, second = found.importance[found.order[:2]]
        print(f"{method} {option}: {first / second:.1f} times the next patch")
        assert first > 2 * second
        assert found.contributions.maps is not None
        assert found.contributions.maps.shape == images.rows.shape


def test_random_weights_are_explained_differently(learned: Subject) -> None:
    """The model randomisation test: Adebayo et al., 2018, arXiv:1810.03292."""
    networks = [untrained(learned, seed) for seed in range(6)]
    for method, explain in methods.METHODS.items():
        trained = explain(learned, given()).importance
        correlation = np.mean(
            [
                spearmanr(trained, explain(network, given()).importance).statistic
                for network in networks
            ]
        )
        print(f"{method}: Spearman's rho with random weights is {correlation:.2f}")
        assert abs(correlation) < 0.4
        again = explain(learned, given()).importance
        np.testing.assert_array_equal(trained, again)


def test_images_of_a_file_are_explained(project: Path) -> None:
    assert main.main(["train", *TRAINING]) == 0
    _, (images, _) = utils.load_digits()
    np.save("two.npy", images[:2])
    options = ("--method", "eli5", "--background-rows", "20", "--quiet")
    assert main.main(["explain", "--input", "two.npy", *options]) == 0
    rows = Path("reports/model/1/explain/input-two/eli5/rows.csv").read_text("utf-8")
    assert [line.split(",")[0] for line in rows.splitlines()] == ["row", "0", "1"]


def test_images_of_another_size_are_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["train", "--quiet", "--epochs", "1"]) == 0
    np.save("images.npy", np.zeros((2, 28, 28)))
    assert main.main(["explain", "--quiet", "--input", "images.npy"]) == 2
    assert "8 x 8 pixels" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("height", "width", "patch", "count"),
    [(28, 28, None, 49), (8, 8, None, 16), (5, 7, 3, 6), (1, 1, None, 1)],
)
def test_patches_cover_the_image(
    height: int, width: int, patch: int | None, count: int
) -> None:
    patches = subject.grid(height, width, patch)
    assert patches.shape == (height, width)
    assert set(patches.ravel()) == set(range(count))


def test_slic_finds_many_segments_where_quickshift_finds_one_or_two() -> None:
    digit: npt.NDArray[np.float32] = np.zeros((28, 28), dtype=np.float32)
    digit[4:24, 12:16] = 1.0  # a one
    segments = methods.slic_segments(digit[..., None].repeat(3, axis=2), 49)
    assert segments.shape == (28, 28) and len(np.unique(segments)) > 10
    assert set(segments.ravel()) == set(range(segments.max() + 1))
