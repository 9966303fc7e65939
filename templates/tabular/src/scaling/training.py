"""Train and tune on a cluster: folds and trees by joblib, trials as tasks of Ray."""

import warnings
from pathlib import Path
from typing import Any

import joblib
import optuna
import ray
from ray.util.joblib import register_ray

from .. import commands, tuning
from ..config import TrainSettings, TuneSettings

# Of a process that dies, or whose node does: it finds a place on any other.
ACTORS: dict[str, Any] = {"max_restarts": 3, "max_task_retries": 3, "num_cpus": 0}
ACTORS["scheduling_strategy"] = "SPREAD"


def train(settings: TrainSettings) -> Path:
    """Train a model, to the same as on one machine: folds, or trees, in parallel."""
    register_ray()
    parallel = joblib.parallel_config("ray", n_jobs=-1, ray_remote_args=ACTORS)
    return commands.train(settings, parallel)


def tune(settings: TuneSettings) -> dict[str, Any]:
    """Search for the best parameters and return them; go on where it was stopped."""
    return tuning.tune(settings, run_trials)


def run_trials(
    study: optuna.Study, space: tuning.Space, score: tuning.Score, seeds: range
) -> None:
    """Let Ray run trials, one for each core; Optuna asks and is told here alone.

    What is tried depends on which trials are over, so two searches may differ.
    """
    known, cores = ray.put(score), int(ray.cluster_resources()["CPU"])
    task = ray.remote(max_retries=-1)(lambda score, params: score(params))
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    left, running = list(seeds), dict[Any, optuna.Trial]()
    while left or running:
        if left and len(running) < cores:
            seed = left.pop(0)
            study.sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
            trial = study.ask(space)
            running[task.remote(known, trial.params)] = trial
        else:
            (done,), _ = ray.wait(list(running))
            tuning.tell(study, running.pop(done), ray.get(done))
