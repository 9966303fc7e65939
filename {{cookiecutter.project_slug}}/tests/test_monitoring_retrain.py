"""Retraining: what is promoted, what is not, and what is written either way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import commands, main, registry
from {{ cookiecutter.package_name }}.monitoring import retrain
from {{ cookiecutter.package_name }}.monitoring.retrain import judge, mcnemar, paired_bootstrap

from samples import QUICK_TRAINING

Output = pytest.CaptureFixture[str]

WRONG = np.tile([0.0, 1.0], (100, 1))  # where the truth is the first class


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
    monkeypatch.setattr(commands, "train", lambda settings, run_logger: save())

    def decide(won: int, before: Callable[[], None] = lambda: None) -> None:
        challenger = WRONG.copy()
        challenger[:won] = [1.0, 0.0]

        def compare(*arguments: object) -> retrain.Comparison:
            before()
            return mcnemar(np.zeros(100, dtype=np.int64), WRONG, challenger)

        monkeypatch.setattr(retrain, "compare", compare)

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
        (10, (), True, "better"),
        (10, ("--margin", "0.2"), False, "less than the margin of 0.2"),
        (10, ("--alpha", "0.0001"), False, "may be chance"),
        (4, (), False, "may be chance"),
        (0, (), False, "not better"),
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
    assert not report(3)["promoted"] and "has changed" in report(3)["why"]


def test_a_damaged_champion_is_found_before_the_training(
    quick: Callable[..., None], model_dir: Path, capsys: Output
) -> None:
    assert retrained() == 0
    (model_dir / "1" / "model.bin").write_bytes(b"")
    assert retrained() == 2
    assert "was changed" in capsys.readouterr().err
    assert registry.versions(model_dir) == [1]


def test_only_rows_on_which_the_models_differ_count() -> None:
    truth, right = np.zeros(10, dtype=np.int64), np.tile([0.9, 0.1], (10, 1))
    champion, challenger = right.copy(), right.copy()
    champion[:6], challenger[[0, 6]] = [0.2, 0.8], [0.2, 0.8]
    found = mcnemar(truth, champion, challenger)
    assert (found.champion, found.challenger, found.rows) == (0.4, 0.8, 10)
    # Of six tosses of a coin, five heads or six: (6 + 1) / 2**6.
    assert found.p == pytest.approx(7 / 64)
    assert mcnemar(truth, challenger, champion).p == mcnemar(truth, right, right).p == 1


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_no_more_models_pass_for_better_than_alpha(kind: str) -> None:
    promoted = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        truth = np.zeros(360)
        if kind == "classes":
            hard = random.random(360) < 0.1  # for both; each errs half of the time
            errs = [hard & (random.random(360) < 0.5) for _ in range(2)]
            found = mcnemar(truth, *(np.eye(2)[each.astype(int)] for each in errs))
        else:
            was, now = random.normal(size=(2, 360, 1))
            found = paired_bootstrap(truth, was, now, seed)
        promoted += judge(found, 0, 0.05)[0]
    print(f"{kind}: {promoted} of 200 models that are no better would be promoted")
    assert promoted <= 0.05 * 200 + 6  # and two standard deviations


def test_the_better_regression_has_a_small_p_value() -> None:
    random = np.random.default_rng(0)
    truth = random.normal(size=89)
    near, far = (truth[:, None] + random.normal(0, s, (89, 1)) for s in (0.1, 0.5))
    found = paired_bootstrap(truth, far, near)
    assert found.score == "r2" and found.challenger > found.champion and found.p < 0.001
    assert paired_bootstrap(truth, near, far).p > 0.99
