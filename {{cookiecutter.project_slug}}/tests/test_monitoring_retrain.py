"""Retraining: what is promoted, what is not, and what is written either way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import commands, main, registry
from {{ cookiecutter.package_name }}.adapter import Array
from {{ cookiecutter.package_name }}.monitoring import retrain
from {{ cookiecutter.package_name }}.monitoring.retrain import Comparison, compare

from samples import QUICK_TRAINING

Output = pytest.CaptureFixture[str]


def says(right: Array) -> Array:
    """Return what a model of two classes says that is right about some rows (n,)."""
    return np.eye(2)[np.where(right, 0, 1)]


def retrained(*options: str) -> int:
    """Run the command."""
    return main.main(["retrain", "--quiet", *QUICK_TRAINING, *options])


def report(version: int) -> dict[str, Any]:
    """Return what was written of a version."""
    path = Path("reports/model") / str(version) / "retrain.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def quick(
    project: Path, save: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Stand in for what trains and compares: how many rows a challenger wins."""
    monkeypatch.setattr(commands, "train", lambda settings: save())

    def decide(won: int, before: Callable[[], None] = lambda: None) -> None:
        def compared(*arguments: object) -> Comparison:
            before()
            return Comparison("accuracy", 0.0, won / 100, 100, 0.5**won)

        monkeypatch.setattr(retrain, "compare_versions", compared)

    decide(0)
    return decide


def test_the_first_version_is_promoted_and_a_twin_of_it_is_not(
    project: Path, model_dir: Path, capsys: Output
) -> None:
    assert retrained() == 0
    assert registry.production(model_dir) == 1
    assert report(1)["promoted"] and report(1)["comparison"] is None
    assert retrained() == 0
    assert registry.production(model_dir) == 1
    found = report(2)
    assert not found["promoted"] and found["comparison"]["rows"] > 50
    assert (found["champion"], found["challenger"]) == (1, 2)
    # Servers can load it, its manifest is that of any training: it may be promoted.
    _, manifest = registry.load_version(model_dir, 2)
    assert registry.ONNX_FILE in manifest.files
    assert not {"margin", "alpha"} & set(manifest.settings)
    shown = capsys.readouterr().out
    assert "promoted: the first version" in shown
    assert f"not promoted: {found['why']}" in shown


@pytest.mark.parametrize(
    ("won", "options", "promoted", "why"),
    [
        (10, (), True, "accuracy 0.1000 after 0.0000 on 100 rows, p = 0.00098"),
        (10, ("--margin", "0.2"), False, "gain >= 0.2"),
        (8, ("--alpha", "0.003"), False, "p <= 0.003"),
        (4, (), False, "p = 0.062"),
        (0, (), False, "p = 1"),
    ],
)
def test_a_challenger_is_promoted_if_it_is_better_by_the_margin(
    won: int,
    options: tuple[str, ...],
    promoted: bool,
    why: str,
    quick: Callable[..., None],
    model_dir: Path,
) -> None:
    assert retrained() == 0
    quick(won)
    assert retrained(*options) == 0
    assert registry.production(model_dir) == (2 if promoted else 1)
    assert report(2)["promoted"] == promoted and why in report(2)["why"]


def test_without_a_promoted_version_the_newest_is_the_champion(
    quick: Callable[..., None], save: Callable[[], Path], model_dir: Path
) -> None:
    save()
    save()
    quick(10)
    assert retrained() == 0
    assert report(3)["champion"] == 2
    assert registry.promotions(model_dir) == [3]


def test_what_was_promoted_meanwhile_stays_in_production(
    quick: Callable[..., None], model_dir: Path, capsys: Output
) -> None:
    assert retrained() == 0
    assert retrained() == 0
    quick(10, lambda: registry.promote(model_dir, 2))
    assert retrained() == 2
    assert registry.production(model_dir) == 2
    assert "has changed meanwhile" in capsys.readouterr().err


def test_a_damaged_champion_is_found_before_the_training(
    quick: Callable[..., None], model_dir: Path, capsys: Output
) -> None:
    assert retrained() == 0
    (model_dir / "1" / "model.bin").write_bytes(b"")
    assert retrained() == 2
    assert "was changed" in capsys.readouterr().err
    assert registry.versions(model_dir) == [1]


#% if cookiecutter.__data_kind == "images"
def test_only_rows_on_which_the_models_differ_count() -> None:
    old, new = np.ones((2, 10), dtype=bool)
    old[:6], new[[0, 6]] = False, False
    # Of six tosses of a coin, five heads or six: (6 + 1) / 2**6.
    truth = np.zeros(10)
    found = compare(says(old), says(new), truth)
    assert found[:4] == ("accuracy", 0.4, 0.8, 10)
    assert found.p == pytest.approx(7 / 64)
    assert compare(says(new), says(old), truth).p > 0.9
    assert compare(says(old), says(old), truth).p == 1


def test_no_more_models_pass_for_better_than_alpha() -> None:
    passed = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        hard = random.random(360) < 0.1  # for both; each errs half of the time
        old, new = (says(~hard | (random.random(360) < 0.5)) for _ in range(2))
        passed += compare(old, new, np.zeros(360)).p <= 0.05
    print(f"{passed} of 200 models that are no better would be promoted")
    assert passed <= 0.05 * 200 + 6  # and two standard deviations
#% else
def test_a_gain_by_any_metric_is_tested_in_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retrain, "PERMUTATIONS", 99)
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 80)
    noise = random.normal(size=(2, 80))
    far, near = (
        np.stack([-labels - s * each, labels + s * each], axis=1)
        for s, each in zip((2.0, 0.5), noise)
    )
    found = compare("roc_auc", far, near, labels, 2)
    assert found.champion < 0.8 and found.challenger > 0.9 and found.p == 0.01
    assert compare("roc_auc", near, far, labels, 2).p > 0.9
    assert compare("f1", near, near, labels, 2).p == 1
    values, error = np.array([[1.0], [2.0], [4.0]]), "neg_mean_absolute_error"
    found = compare(error, values, values, np.arange(3), 0)
    assert found.champion == found.challenger == pytest.approx(-4 / 3)


@pytest.mark.parametrize(("metric", "classes"), [("accuracy", 2), ("r2", 0)])
def test_no_more_models_pass_for_better_than_alpha(
    metric: str, classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrain, "PERMUTATIONS", 19)  # it is the largest of all, or not
    passed = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        truth, *both = random.normal(size=(3, 360))
        old, new = (each[:, None] for each in both)
        if classes:
            hard = random.random(360) < 0.1  # for both; each errs half of the time
            old, new = (says(~hard | (each > 0)) for each in both)
            truth = np.zeros(360)
        passed += compare(metric, old, new, truth, classes).p <= 0.05
    print(f"{metric}: {passed} of 200 models that are no better would be promoted")
    assert passed <= 0.05 * 200 + 6  # and two standard deviations


def test_the_better_regression_has_a_small_p_value() -> None:
    truth, *noise = np.random.default_rng(0).normal(size=(3, 89))
    near, far = (truth + s * each for s, each in zip((0.1, 0.5), noise))
    found = compare("r2", far[:, None], near[:, None], truth, 0)
    assert found.p == 0.002 and 0.9 > found.champion and found.challenger > 0.95
    assert compare("r2", near[:, None], far[:, None], truth, 0).p > 0.99
#% endif
