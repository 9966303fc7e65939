"""The search for the best parameters, with Optuna; it can be stopped and gone on with.

    models/<name>/tuning/<estimator>.sqlite3   every trial, as soon as it is done
                         <estimator>.json      the best one; what `train --tuned` reads

A trial's suggestion depends on the seed and on the trials before it, nothing else, so
that a search that was stopped ends as one that was not.
"""

import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import OptunaError
from optuna.trial import TrialState
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from tqdm import tqdm

from .datasets import DataError
from .files import write_json
from .inputs import Task
from .models import Estimator

logger = logging.getLogger(__name__)

Objective = Callable[[dict[str, Any]], float]
# Told the number of a trial, its parameters and its score.
OnTrial = Callable[[int, dict[str, Any], float], None]


class Best(BaseModel):
    """The best trial of a search.

    Attributes:
        estimator: What the parameters are for.
        parameters: The best ones found.
        score: The mean accuracy or R² of their cross-validation.
        trials: How many were tried.
        identity: What the search was for; see `commands`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    estimator: Estimator
    parameters: dict[str, bool | int | float | str | None]
    score: float
    trials: int
    identity: dict[str, Any]


def suggest(trial: optuna.Trial, estimator: Estimator, task: Task) -> dict[str, Any]:
    """Return the parameters of one trial.

    The ranges go from far too simple to far too flexible a model; the best values are
    somewhere inside.
    """
    if estimator == "linear" and task == "classification":
        return {"C": trial.suggest_float("C", 1e-3, 1e3, log=True)}
    if estimator == "linear":
        return {"alpha": trial.suggest_float("alpha", 1e-3, 1e3, log=True)}
    if estimator == "forest":
        return {
            "max_depth": trial.suggest_int("max_depth", 2, 32, log=True),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 20, log=True),
            "max_features": trial.suggest_float("max_features", 0.1, 1.0),
        }
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.5, log=True),
        "max_iter": trial.suggest_int("max_iter", 20, 300, log=True),
        "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 4, 64, log=True),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 5, 50, log=True),
        "l2_regularization": trial.suggest_float(
            "l2_regularization", 1e-3, 10, log=True
        ),
    }


def search(
    folder: Path,
    objective: Objective,
    estimator: Estimator,
    task: Task,
    identity: dict[str, Any],
    trials: int = 30,
    seed: int = 1,
    progress: bool = False,
    on_trial: OnTrial | None = None,
) -> Best:
    """Try parameters until there are as many trials as wanted.

    Args:
        folder: Where the study and its best trial are kept.
        objective: Returns the score of parameters; more is better.
        estimator: What they are for.
        task: What is predicted.
        identity: What a study belongs to; with another one, a new study is begun in
            the same file.
        trials: The number wanted, those of an earlier search included.
        seed: Decides what is tried.
        progress: Whether to show a bar.
        on_trial: Called after every trial with its number, parameters and score.

    Returns:
        The best trial; the first of several.

    Raises:
        DataError: If the file of the study is damaged.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{estimator}.sqlite3"
    study = open_study(file, study_name(identity))
    # Left by a process that was killed; what it tried is tried again.
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
    done = len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))
    if done:
        logger.info("%s: going on after %d trials", file, done)

    def tell(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        if on_trial and trial.value is not None:
            on_trial(trial.number, trial.params, trial.value)

    bar = tqdm(
        total=trials, initial=done, desc="tune", unit="trial", disable=not progress
    )
    with bar:
        for number in range(done, trials):
            # A sampler of its own for each trial: its generator's state is not stored.
            study.sampler = optuna.samplers.TPESampler(seed=(seed + number) % 2**32)
            study.optimize(
                lambda trial: objective(suggest(trial, estimator, task)),
                n_trials=1,
                callbacks=[tell] if on_trial else None,
            )
            bar.update()
            bar.set_postfix(best=f"{study.best_value:.4f}")
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    best = Best(
        estimator=estimator,
        parameters=study.best_params,
        score=study.best_value,
        trials=len(finished),
        identity=identity,
    )
    write_json(best_file(folder, estimator), best.model_dump(mode="json"))
    return best


def open_study(file: Path, name: str) -> optuna.Study:
    """Begin a study, or go on with the one of that name.

    Raises:
        DataError: If the file is none of Optuna's.
    """
    try:
        return optuna.create_study(
            storage=f"sqlite:///{file}",
            study_name=name,
            direction="maximize",
            load_if_exists=True,
        )
    except (OptunaError, SQLAlchemyError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise DataError(
            f"{file} cannot be used: {reason}; if it is damaged, remove it, and the "
            "search begins anew"
        ) from error


def study_name(identity: dict[str, Any]) -> str:
    """Return a name that only the same identity has."""
    content = json.dumps(identity, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()


def best_file(folder: Path, estimator: Estimator) -> Path:
    """Return where the best trial of an estimator is kept."""
    return folder / f"{estimator}.json"


def read_best(folder: Path, estimator: Estimator, identity: dict[str, Any]) -> Best:
    """Return the best trial that was found for a training.

    Raises:
        DataError: If there is none, or it was found for something else.
    """
    path = best_file(folder, estimator)
    try:
        best = Best.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: nothing tuned yet; run the command `tune` with the same settings"
        ) from error
    except ValidationError as error:
        raise DataError(f"{path} is damaged: {error}") from error
    changed = [
        f"{name} was {best.identity.get(name)} and is now {value}"
        for name, value in identity.items()
        if best.identity.get(name) != value
    ]
    if changed:
        raise DataError(
            f"{path} was found for something else: {'; '.join(changed)}; run the "
            "command `tune` again"
        )
    return best
