"""Versions{{ " and searches" if cookiecutter.__data_kind == "tabular" }} as runs of MLflow, in a database or on a server.

A run says what models/<name>/ says anyway, in {{ "manifests and in tuning.sqlite3" if cookiecutter.__data_kind == "tabular" else "the manifest of a version" }}. After
each command MLflow is sent what it lacks; if that fails, the command has done its work
all the same, and the next one, or `tracking sync`, sends the rest.

Yours: `Experiment.send_run`. `--help` imports this module, but no MLflow.
"""

import logging
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any, Literal

import filelock
from pydantic import Field
from pydantic_settings import CliPositionalArg

from .config import ProjectError, Settings, load_settings
from .files import write_whole
from .registry import production, read_manifest, versions

logger = logging.getLogger(__name__)

Facts = Mapping[str, Any]

# The experiment of MLflow that all runs are put into.
EXPERIMENT = "{{ cookiecutter.project_slug }}"
SECONDS = 60  # that a command waits for MLflow, or for another one that sends
MOST_FIGURES = 900  # that it takes at once, beside the parameters of a run
ENVIRONMENT = {  # of MLflow, which would try for minutes, and tell of every table
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
ADDRESS = r"^((sqlite|postgresql|mysql|mssql|https?)\S*://|databricks)\S*$"


class TrackingSettings(Settings):
    """Send MLflow what it lacks of a model."""

    action: CliPositionalArg[Literal["sync"]] = "sync"
    """What to do"""
    tracking: bool = True
    """Whether commands send what they have done"""
    # Not in logs, as it may hold a password.
    tracking_uri: str = Field("sqlite:///mlflow.db", pattern=ADDRESS, exclude=True)
    """MLflow's database, or the address of a server: http://…"""


@contextmanager
def tracked(settings: Settings) -> Iterator[None]:
    """Send what a command has done, if it ends well."""
    known = ["--config", str(settings.config), "--model-name", settings.model_name]
    known += ["--models-dir", str(settings.models_dir)]
    own = load_settings(TrackingSettings, known, "tracking")
    yield
    if own.tracking:
        try:  # in a thread that ends with the process, also where a server hangs
            ThreadPool(1).apply_async(tracking, (own,)).get(SECONDS)
        except Exception as error:
            why = str(error) or f"MLflow has not answered for {SECONDS} s"
            logger.warning("%s; `tracking sync` sends what it lacks", why)


def tracking(settings: TrackingSettings) -> None:
    """Send what MLflow lacks; a ProjectError says why that failed."""
    try:
        client, model_dir = connect(settings.tracking_uri), settings.model_dir
        with filelock.FileLock(settings.models_dir / ".tracking.lock", SECONDS):
            experiment, promoted = Experiment(client, model_dir), production(model_dir)
            #% if cookiecutter.__data_kind == "tabular"
            experiment.send_searches(model_dir / "tuning.sqlite3")
            #% endif
            for number in versions(model_dir):
                experiment.send_version(model_dir / str(number), number == promoted)
    except Exception as error:  # of MLflow, a driver or a connection
        why = re.sub(r"://[^/@\s]+@", "://***@", str(error))  # without a password
        raise ProjectError(f"MLflow lacks runs: {why}") from None
    logger.info("MLflow has every run of %s", model_dir)


def connect(uri: str) -> Any:
    """Return MLflow's client; a database is made whole, under another name, or not."""
    os.environ.update({**ENVIRONMENT, **os.environ})
    if os.path.expanduser("~") == "~":
        os.environ["HOME"] = tempfile.gettempdir()  # MLflow asks for one, for nothing
    from mlflow import MlflowClient  # takes seconds
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    def make(new: Path) -> None:
        SqlAlchemyStore(f"sqlite:///{new}", "mlruns").engine.dispose()

    if (file := Path(uri.partition("sqlite:///")[2])).name:
        with filelock.FileLock(f"{file}.lock"):
            if not file.exists():
                write_whole(file, make)
    return MlflowClient(uri, uri)


def milliseconds(time: datetime) -> int:
    """Return a time as MLflow has it, since 1970."""
    return int(time.timestamp() * 1000)


class Experiment:
    """What MLflow has of a model: a run for each version{{ ", search and trial" if cookiecutter.__data_kind == "tabular" }}."""

    def __init__(self, client: Any, model_dir: Path) -> None:
        """Find the experiment of this project, or make it."""
        from mlflow.entities import ViewType

        self.client, self.model = client, f"{EXPERIMENT}-{model_dir.name}"
        found = client.get_experiment_by_name(EXPERIMENT)
        self.id = found.experiment_id if found else client.create_experiment(EXPERIMENT)
        same, every = f"tags.model = '{self.model}'", ViewType.ALL
        self.runs: dict[str, Any] = {}
        page: Any = ""
        while page is not None:
            found = client.search_runs([self.id], same, every, page_token=page)
            self.runs |= {run.data.tags.get("run", ""): run for run in found}
            page = found.token

    def lacks(self, name: str) -> bool:
        """Whether a run is missing, or not whole; of a deleted one, nothing is."""
        info = self.runs[name].info if name in self.runs else None
        return not info or (info.status, info.lifecycle_stage) == ("RUNNING", "active")

    def send_run(
        self, name: str, start: datetime, tags: Facts, params: Facts, figures: Facts
    ) -> Any:
        """Make a run, or complete the one of that name; return MLflow's `RunInfo`.

        The figures are lists, a value a step.
        """
        from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param

        time, tags = milliseconds(start), {**tags, "model": self.model, "run": name}
        run = self.runs.get(name) or self.client.create_run(self.id, time, tags, name)
        run_id, old, self.runs[name] = run.info.run_id, run.data.params, run
        new = [Param(key, str(params[key])) for key in params if key not in old]
        points = [
            Metric(key, value, time, step)  # of one time, so that each is there once
            for key, values in figures.items()
            for step, value in enumerate(values, 1)
        ]
        for first in range(0, len(points) or 1, MOST_FIGURES):
            self.client.log_batch(run_id, points[first : first + MOST_FIGURES], new)
        data = Dataset(tags["dataset"], tags["data_sha256"][:36], "local", "{}")
        use = InputTag("mlflow.data.context", "training")
        self.client.log_inputs(run_id, [DatasetInput(data, [use])])
        return run.info

    #% if cookiecutter.__data_kind == "tabular"
    def send_searches(self, file: Path) -> None:
        """Send the searches of `tune`; a trial is a run within that of its search."""
        if not file.exists():
            return
        import optuna

        done, storage = [optuna.trial.TrialState.COMPLETE], f"sqlite:///{file}"
        for name in optuna.get_all_study_names(storage):
            study = optuna.load_study(study_name=name, storage=storage)
            trials: list[Any] = study.get_trials(states=done)
            tags = study.user_attrs
            lacking = [each for each in trials if self.lacks(f"{name}/{each.number}")]
            is_whole = not lacking and not self.lacks(name)
            known = self.runs.get(name)
            is_deleted = known and known.info.lifecycle_stage == "deleted"
            if not tags or not trials or is_whole or is_deleted:
                continue
            start, settings = trials[0].datetime_start, tags.pop("settings")
            run = self.send_run(name, start, tags, settings, {})
            tags["mlflow.parentRunId"] = run.run_id
            for trial in lacking:
                facts = tags, trial.params, {"score": [trial.value]}
                part, start = f"{name}/{trial.number}", trial.datetime_start
                own, end = self.send_run(part, start, *facts), trial.datetime_complete
                self.client.set_terminated(own.run_id, "FINISHED", milliseconds(end))
            end = max(trial.datetime_complete for trial in trials)
            self.client.set_terminated(run.run_id, "FINISHED", milliseconds(end))

    #% endif
    def send_version(self, folder: Path, promoted: bool) -> None:
        """Send a version, and whether it is in production."""
        told, client, model = read_manifest(folder), self.client, self.model
        name = f"version {folder.name}, {told.created}"
        if self.lacks(name):
            last = {key: [value] for key, value in told.metrics.items()}
            tags = {"dataset": told.dataset, "data_sha256": told.data_sha256}
            times = map(datetime.fromisoformat, (told.started, told.created))
            start, end = sorted(times)  # `created` is in whole seconds, and may be less
            facts = start, tags, told.settings, {**last, **told.history}
            run = self.send_run(name, *facts)
            if not client.search_registered_models(f"name = '{model}'"):
                client.create_registered_model(model)
            if not client.search_model_versions(f"run_id = '{run.run_id}'"):
                own = {"version": folder.name}
                client.create_model_version(
                    model, run.artifact_uri, run.run_id, own, await_creation_for=0
                )
            client.set_terminated(run.run_id, "FINISHED", milliseconds(end))
        if promoted:
            run_id = self.runs[name].info.run_id
            for each in client.search_model_versions(f"run_id = '{run_id}'"):
                client.set_registered_model_alias(model, "production", each.version)
