"""The command tune: search for the best parameters of an estimator, with Optuna.

Every trial is in models/<name>/tuning.sqlite3 as soon as it is done. It depends on the
seed and the trials before it alone, so that a search that was stopped ends as one that
was not. Yours: `SPACES`.
"""

import hashlib
import json
import logging
from statistics import fmean
from typing import Any

import optuna
import yaml
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from threadpoolctl import threadpool_limits

from . import commands, models, utils
from .adapter import Inputs
from .config import ConfigError, FitSettings, TuneSettings

logger = logging.getLogger(__name__)

# What is tried of an estimator, by its name as `build_pipeline` takes it: from far too
# simple to far too flexible a model. Of the linear ones, only a classifier has C.
SPACES: dict[str, dict[str, BaseDistribution]] = {
    "linear": {
        "C": FloatDistribution(1e-3, 1e3, log=True),
        "alpha": FloatDistribution(1e-3, 1e3, log=True),
    },
    "sgd": {"alpha": FloatDistribution(1e-6, 1e-1, log=True)},
    "forest": {
        "max_depth": IntDistribution(2, 32, log=True),
        "min_samples_leaf": IntDistribution(1, 20, log=True),
        "max_features": FloatDistribution(0.1, 1.0),
    },
    "boosting": {
        "learning_rate": FloatDistribution(0.01, 0.5, log=True),
        "max_iter": IntDistribution(20, 300, log=True),
        "max_leaf_nodes": IntDistribution(4, 64, log=True),
        "min_samples_leaf": IntDistribution(5, 50, log=True),
        "l2_regularization": FloatDistribution(1e-3, 10.0, log=True),
    },
}
# What decides which parameters are the best; with the same of these, a search goes on.
IDENTITY = {"test_fraction", "seed", "estimator", "folds"}


def tune(settings: TuneSettings) -> dict[str, Any]:
    """Search for the best parameters and return them; go on where it was stopped."""
    path, inputs = commands.find(settings)
    known = models.make_estimator(settings.estimator, inputs.task).get_params()
    ranges = SPACES.get(settings.estimator, {})
    space = {name: ranges[name] for name in ranges if name in known}
    if not space:
        raise ConfigError(f"estimator: SPACES in tuning.py has no {settings.estimator}")
    training, _ = utils.load_parts(path, inputs, settings)
    features, labels = utils.split_target(training, inputs)
    data_sha256 = utils.sha256_of(path)
    study = open_study(settings, inputs, data_sha256)
    run = {"command": "tune", "name": study.study_name, "dataset": path.name}
    run["data_sha256"] = data_sha256
    logger.info("%s: %d rows to tune on", path, len(training), extra={"run": run})
    with threadpool_limits(settings.threads or None):
        for number in range(len(finished(study)), settings.trials):
            # A new one each time: what a sampler has drawn so far is not stored.
            study.sampler = optuna.samplers.TPESampler(seed=settings.seed + number)
            trial = study.ask(space)
            pipeline = models.build_pipeline(
                settings.estimator, inputs.task, trial.params, settings.seed
            )
            scores = models.cross_validate(
                pipeline, features, labels, settings.folds, settings.seed
            )
            score = fmean(next(iter(scores.values())))
            study.tell(trial, score)
            told = {"number": number, "score": score, "params": trial.params}
            text = "trial %d: %.4f with %s"
            logger.info(text, *told.values(), extra={"trial": told})
    print(yaml.safe_dump(study.best_params), end="")
    name = "accuracy" if inputs.classes else "r2"
    print(f"cross-validation {name}: {study.best_value:.4f}; see the setting tuned")
    return study.best_params


def finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Return the trials that came to a score; others were stopped."""
    return study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))


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


def best_parameters(
    settings: FitSettings, inputs: Inputs, data_sha256: str
) -> dict[str, Any]:
    """Return the best parameters so far; a ConfigError says that there are none."""
    study = open_study(settings, inputs, data_sha256)
    if not finished(study):
        raise ConfigError("nothing tuned with these data and settings: run `tune`")
    return study.best_params
