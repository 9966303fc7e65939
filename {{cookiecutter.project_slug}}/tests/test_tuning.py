"""The search for parameters: seeded, stopped, gone on with."""

import pickle
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import pytest

from {{ cookiecutter.package_name }} import models, tuning
from {{ cookiecutter.package_name }}.datasets import DataError
from {{ cookiecutter.package_name }}.inputs import Task
from {{ cookiecutter.package_name }}.models import Estimator
from {{ cookiecutter.package_name }}.tuning import Best

IDENTITY = {"seed": 1, "data_sha256": "0" * 64}


def peak(parameters: dict[str, Any]) -> float:
    """Return a score that is best where C is 1."""
    return -abs(float(parameters["C"]) - 1)


def search(folder: Path, objective: tuning.Objective = peak, **changes: Any) -> Best:
    """Search with few trials."""
    options: dict[str, Any] = {"identity": IDENTITY, "trials": 14, **changes}
    return tuning.search(folder, objective, "linear", "classification", **options)


def tried(folder: Path) -> list[float]:
    """Return the parameters of the finished trials, in order."""
    study = optuna.load_study(
        study_name=tuning.study_name(IDENTITY),
        storage=f"sqlite:///{folder / 'linear.sqlite3'}",
    )
    finished = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
    return [trial.params["C"] for trial in finished]


def test_a_search_that_was_stopped_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole = search(tmp_path / "whole")
    calls: list[float] = []

    def stops(parameters: dict[str, Any]) -> float:
        calls.append(parameters["C"])
        if len(calls) == 12:
            raise KeyboardInterrupt
        return peak(parameters)

    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "stopped", stops)
    assert len(tried(tmp_path / "stopped")) == 11
    resumed = search(tmp_path / "stopped")
    assert resumed == whole and resumed.trials == 14
    assert tried(tmp_path / "stopped") == tried(tmp_path / "whole")


def test_a_trial_whose_process_was_killed_is_tried_again(tmp_path: Path) -> None:
    search(tmp_path, trials=3)
    study = optuna.load_study(
        study_name=tuning.study_name(IDENTITY),
        storage=f"sqlite:///{tmp_path / 'linear.sqlite3'}",
    )
    study.ask()
    assert search(tmp_path, trials=4).trials == 4
    states = [trial.state.name for trial in study.get_trials()]
    assert states == ["COMPLETE"] * 3 + ["FAIL", "COMPLETE"]


def test_the_same_seed_tries_the_same_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("two", 1), ("three", 100)):
        search(tmp_path / name, trials=3, seed=seed)
    one, two, three = (tried(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two != three


def test_a_search_that_is_done_tries_no_more(tmp_path: Path) -> None:
    done = search(tmp_path, trials=3)

    def never(parameters: dict[str, Any]) -> float:
        raise AssertionError("tried again")

    assert search(tmp_path, never, trials=3) == done


def test_the_bar_shows_the_trials(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    search(tmp_path, trials=2, progress=True)
    assert "2/2" in capsys.readouterr().err


def test_the_best_trial_is_read_for_what_it_was_found_for(tmp_path: Path) -> None:
    best = search(tmp_path, trials=3)
    assert best.score == max(peak({"C": value}) for value in tried(tmp_path))
    assert tuning.read_best(tmp_path, "linear", IDENTITY) == best
    with pytest.raises(DataError, match="seed was 1 and is now 2; run"):
        tuning.read_best(tmp_path, "linear", {**IDENTITY, "seed": 2})
    with pytest.raises(DataError, match="nothing tuned yet"):
        tuning.read_best(tmp_path, "forest", IDENTITY)
    tuning.best_file(tmp_path, "linear").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="linear.json is damaged"):
        tuning.read_best(tmp_path, "linear", IDENTITY)


def test_a_study_that_is_none_is_refused_and_not_read(tmp_path: Path) -> None:
    file = tmp_path / "linear.sqlite3"
    file.write_bytes(pickle.dumps(IDENTITY) + bytes(1000))
    with pytest.raises(DataError, match="linear.sqlite3 cannot be used.*remove it"):
        search(tmp_path)
    file.unlink()
    with closing(sqlite3.connect(file)) as database:
        database.execute("create table studies (other)")
    with pytest.raises(DataError, match="linear.sqlite3 cannot be used"):
        search(tmp_path)


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("estimator", ["linear", "forest", "boosting"])
def test_what_is_suggested_are_parameters_of_the_estimator(
    estimator: Estimator, task: Task
) -> None:
    trial = optuna.create_study().ask()
    suggested = tuning.suggest(trial, estimator, task)
    pipeline = models.build_pipeline({"a": "number"}, task, estimator, suggested)
    model = pipeline.named_steps["model"]
    assert {name: getattr(model, name) for name in suggested} == suggested
