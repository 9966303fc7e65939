"""Retraining: what is promoted, what is not, and what is written either way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import (
    aliases,
    commands,
    contest,
    judging,
    main,
    registry,
    retrain,
)
from {{ cookiecutter.package_name }}.config import ProjectError

from samples import QUICK_TRAINING

Output = pytest.CaptureFixture[str]


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
    project: Path, save: Callable[[bool], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stand in for what trains, exports and compares; every row is a tie."""
    monkeypatch.setattr(commands, "train", lambda settings: save(True))
    monkeypatch.setattr(retrain, "export", lambda settings: None)
    monkeypatch.setattr(contest, "refuse_incomparable", lambda *arguments: None)
    decide(monkeypatch, 0)


def decide(
    monkeypatch: pytest.MonkeyPatch, won: int, before: Callable[[], None] = lambda: None
) -> None:
    """Let the next challenger win so many rows of a hundred, and lose none."""
    truth = np.zeros(100, dtype=np.int64)
    wrong = np.tile([0.0, 1.0], (100, 1))
    challenger = wrong.copy()
    challenger[:won] = [1.0, 0.0]

    def compare(*arguments: object) -> judging.Comparison:
        before()
        return judging.compare_classes(truth, wrong, challenger)

    monkeypatch.setattr(contest, "compare", compare)


def test_the_first_version_is_promoted_and_a_twin_of_it_is_not(
    project: Path, model_dir: Path, capsys: Output
) -> None:
    assert retrained() == 0
    assert aliases.production(model_dir) == 1
    assert report(1)["promoted"] and report(1)["comparison"] is None
    assert report(1)["why"] == "the first version of this model"
    assert retrained() == 0
    assert aliases.production(model_dir) == 1
    found = report(2)
    assert not found["promoted"] and found["comparison"]["gain"] == 0
    assert (found["champion"], found["challenger"]) == (1, 2)
    assert found["comparison"]["unseen"] is True
    # Servers can load it: it may be promoted by hand.
    _, manifest = registry.load_version(model_dir, 2)
    assert registry.ONNX_FILE in manifest.files
    # The manifest is that of any training.
    assert not {"margin", "alpha"} & set(manifest.settings)
    shown = capsys.readouterr().out
    assert "promoted: the first version" in shown
    assert f"not promoted: {found['why']}" in shown


@pytest.mark.parametrize(
    ("won", "options", "promoted"),
    [
        (10, (), True),
        (10, ("--margin", "0.2"), False),
        (10, ("--alpha", "0.0001"), False),
        (4, (), False),
    ],
)
def test_a_challenger_is_promoted_if_it_is_better_by_the_margin(
    won: int,
    options: tuple[str, ...],
    promoted: bool,
    quick: None,
    model_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert retrained() == 0
    decide(monkeypatch, won)
    assert retrained(*options) == 0
    assert aliases.production(model_dir) == (2 if promoted else 1)
    assert report(2)["promoted"] == promoted


def test_without_a_promoted_version_the_newest_is_the_champion(
    quick: None,
    save: Callable[[bool], Path],
    model_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(2):
        save(True)
    decide(monkeypatch, 10)
    assert retrained() == 0
    assert report(3)["champion"] == 2
    assert aliases.read_aliases(model_dir).history == (3,)


def test_where_versions_must_be_signed_a_better_one_waits_for_its_signature(
    quick: None, model_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    assert retrained() == 0
    decide(monkeypatch, 10)
    assert retrained("--verify-key", "release.pub") == 0
    assert aliases.read_aliases(model_dir).history == (1,)
    found = report(2)
    assert not found["promoted"] and ": better, p = " in found["why"]
    signing = "run `registry sign --version 2 --sign-key FILE`"
    assert f"{signing}, then `registry promote --version 2`" in found["why"]
    assert f"not promoted: {found['why']}" in capsys.readouterr().out


def test_nor_is_the_first_version_promoted_unsigned(
    quick: None, model_dir: Path
) -> None:
    assert retrained("--verify-key", "release.pub") == 0
    assert aliases.production(model_dir) is None
    assert "registry sign --version 1" in report(1)["why"]


def test_what_is_not_better_is_not_to_be_signed(quick: None, model_dir: Path) -> None:
    assert retrained() == 0
    assert retrained("--verify-key", "release.pub") == 0
    assert not report(2)["promoted"] and "sign" not in report(2)["why"]


def test_what_was_promoted_meanwhile_stays_in_production(
    quick: None, model_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    assert retrained() == 0
    assert retrained() == 0
    decide(monkeypatch, 10, lambda: aliases.promote(model_dir, 2))
    assert retrained() == 2
    assert aliases.production(model_dir) == 2
    assert "has changed meanwhile" in capsys.readouterr().err
    assert not report(3)["promoted"] and "has changed" in report(3)["why"]


def test_nothing_is_promoted_that_cannot_be_exported(
    quick: None, model_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    def fail(*arguments: object) -> None:
        raise ProjectError("the export is off the model")

    monkeypatch.setattr(retrain, "export", fail)
    assert retrained() == 2
    assert aliases.production(model_dir) is None
    assert "off the model" in capsys.readouterr().err


def test_a_damaged_champion_is_found_before_the_training(
    quick: None, model_dir: Path, capsys: Output
) -> None:
    assert retrained() == 0
    (model_dir / "1" / registry.ONNX_FILE).write_bytes(b"")
    assert retrained() == 2
    assert "was changed" in capsys.readouterr().err
    assert registry.versions(model_dir) == [1]
