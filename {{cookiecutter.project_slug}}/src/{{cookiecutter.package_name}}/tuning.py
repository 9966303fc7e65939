"""The command tune: search for the best parameters of an estimator, with Optuna.

Every trial is in models/<name>/tuning.sqlite3 as soon as it is done. It depends on the
seed and the trials before it alone, so that a search that was stopped ends as one that
was not. What is tried of an estimator is said in estimators.py.
"""

import hashlib
import json
import logging
from collections.abc import Callable
from functools import partial
from statistics import fmean
from typing import Any

import optuna
import yaml
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState
from threadpoolctl import threadpool_limits

from . import models, utils
from .adapter import Inputs
from .config import ConfigError, DataSettings, FitSettings, TuneSettings
from .estimators import ESTIMATORS, make_estimator
from .validation import Table, split_target

logger = logging.getLogger(__name__)

Space = dict[str, BaseDistribution]
Score = Callable[[dict[str, Any]], float]
Trials = Callable[[optuna.Study, Space, Score, range], None]

# What decides which parameters are the best; with the same of these, a search goes on.
IDENTITY = FitSettings.model_fields.keys() - DataSettings.model_fields - {"threads"}


def one_by_one(study: optuna.Study, space: Space, score: Score, seeds: range) -> None:
    """Run trials, each with a seed."""
    for seed in seeds:
        # A new one each time: what a sampler has drawn so far is not stored.
        study.sampler = optuna.samplers.TPESampler(seed=seed)
        trial = study.ask(space)
        tell(study, trial, score(trial.params))


def tell(study: optuna.Study, trial: optuna.Trial, score: float) -> None:
    """Keep what a trial came to."""
    study.tell(trial, score)
    logger.info("trial %d: %.4f with %s", trial.number, score, trial.params)


def tune(settings: TuneSettings, run_trials: Trials = one_by_one) -> dict[str, Any]:
    """Search for the best parameters and return them; go on where it was stopped."""
    table = Table.find(settings)
    data, inputs = table.paths[0], table.inputs
    space = find_space(settings, inputs)
    training, _ = table.parts()
    features, labels = split_target(training, inputs)
    folds = table.folds(training)
    data_sha256 = utils.sha256_of(*table.paths)
    study = open_study(settings, inputs, data_sha256)
    study.set_user_attr("settings", settings.model_dump(mode="json"))
    study.set_user_attr("dataset", data.name)
    study.set_user_attr("data_sha256", data_sha256)
    logger.info("%s: %d rows to tune on", data, len(training))
    finished = study.get_trials(states=(TrialState.COMPLETE,))  # others were stopped
    seeds = range(settings.seed + len(finished), settings.seed + settings.trials)
    known = (settings, inputs, features, labels, folds)
    with threadpool_limits(settings.threads or None):
        run_trials(study, space, partial(score, *known), seeds)
    best = {**settings.parameters, **study.best_params}
    print(f"best of {settings.trials}, {study.best_value:.4f}; for the settings file:")
    print(yaml.safe_dump({"parameters": best}), end="")
    return best


def score(
    settings: TuneSettings,
    inputs: Inputs,
    features: Any,
    labels: Any,
    folds: Any,
    params: dict[str, Any],
) -> float:
    """Return the mean score of a cross-validation with some parameters."""
    parameters = {**settings.parameters, **params}
    pipeline = models.build_pipeline(
        settings.estimator, inputs.task, parameters, settings.seed
    )
    scores = models.cross_validate(pipeline, features, labels, folds, settings.metric)
    return fmean(next(iter(scores.values())))


def find_space(settings: TuneSettings, inputs: Inputs) -> Space:
    """Return what to try of the parameters that it has and nobody has set."""
    known = make_estimator(settings.estimator, inputs.task).get_params()
    space: Space = {}
    if settings.estimator in ESTIMATORS:
        for name, (low, high) in ESTIMATORS[settings.estimator].space.items():
            if name in known and name not in settings.parameters:
                whole = isinstance(low, int)
                kind: Any = IntDistribution if whole else FloatDistribution
                space[name] = kind(low, high, log=True)
    if not space:
        names = f"estimators.py has no space of {settings.estimator}"
        raise ConfigError(f"estimator: {names}, or parameters has all of it")
    return space


def open_study(settings: FitSettings, inputs: Inputs, data_sha256: str) -> optuna.Study:
    """Return the study of these data and settings: the old one, or a new one."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    identity = settings.model_dump(mode="json", include=IDENTITY)
    identity |= {"inputs": inputs.model_dump(mode="json"), "data": data_sha256}
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    settings.model_dir.mkdir(parents=True, exist_ok=True)
    return optuna.create_study(
        storage=f"sqlite:///{settings.model_dir / 'tuning.sqlite3'}",
        study_name=f"{settings.estimator}-{key[:16]}",
        direction="maximize",
        load_if_exists=True,
    )
