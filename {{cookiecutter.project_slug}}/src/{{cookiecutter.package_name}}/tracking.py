"""Trainings and searches as runs of MLflow, in a database or on a server.

A command logs what it does, with the facts as `extra`: `run` as it begins, each `epoch`
and `trial`, the `version` that it saved, what is in `production`. They are written into
models/<name>/.runs/ and sent now and then, and at the end: nothing that MLflow does
costs a training, and `tracking sync` sends what is missing. MLflow has the name of a
run as a tag: what is sent twice is there once.

Yours: `send_run` says what MLflow is told. `--help` imports this module, but no MLflow.
"""

import json
import logging
import os
import re
import tempfile
import time
from collections.abc import Mapping
from functools import cached_property
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import filelock
from pydantic import Field
from pydantic_settings import CliPositionalArg

from .config import ProjectError, Settings, load_settings
from .files import write_json, write_whole
from .registry import production, read_manifest

logger = logging.getLogger(__name__)

SECONDS = 60  # between two sendings; and that a command waits for MLflow at its end
SILENT_SECONDS = 3600  # after which a run that goes on is taken for one that was killed
ENVIRONMENT = {  # of MLflow, which would try for minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class TrackingSettings(Settings):
    """List the runs of a model, or send MLflow those that it does not have."""

    group: ClassVar[str] = "track"
    action: CliPositionalArg[Literal["list", "sync"]] = "list"
    """What to do"""
    tracking: bool = True
    """Whether commands record what they do"""
    tracking_uri: str = Field(
        "sqlite:///mlflow.db",
        pattern=r"^((sqlite|postgresql|mysql|mssql|https?)\S*://|databricks)\S*$",
        exclude=True,  # from logs, as it may hold a password
    )
    """MLflow's database, or the address of a server: http://…"""
    experiment: str = Field(
        "{{ cookiecutter.project_slug }}",
        pattern=r"^\w[\w. -]*$",
    )
    """MLflow's experiment to put runs into"""


class MlflowRun(logging.Handler):
    """Hears what a command logs, writes its run down, and sends it."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings of the command."""
        super().__init__()
        self.settings = settings
        self.files: list[Path] = []  # that of the run, if it is recorded
        self.run: dict[str, Any] = {"points": {}, "trials": [], "version": {}}
        self.promoted, self.sent_at = False, time.monotonic()

    def __enter__(self) -> Self:
        """Begin to hear."""
        logging.getLogger(__package__).addHandler(self)
        return self

    @cached_property
    def tracking(self) -> TrackingSettings:
        """Where to: the YAML file and the environment say it."""
        settings = self.settings
        known = ["--config", str(settings.config), "--model-name", settings.model_name]
        known += ["--models-dir", str(settings.models_dir)]
        return load_settings(TrackingSettings, known, "tracking")

    @cached_property
    def sender(self) -> ThreadPool:
        """A thread that ends with the process where a server hangs."""
        return ThreadPool(1)

    def emit(self, record: logging.LogRecord) -> None:
        """Take the facts from what is logged."""
        told = vars(record)
        if "run" in told:
            self.start(**told["run"])
        elif "epoch" in told:
            self.log_epoch(told["epoch"], told["figures"])
        elif "trial" in told:
            self.log_trial(**told["trial"])
        elif "version" in told:
            self.log_version(Path(told["version"]))
        elif "production" in told:  # MLflow's alias follows, if the model has runs
            recorded = (self.settings.model_dir / ".runs").is_dir()
            self.promoted = self.tracking.tracking and recorded

    def start(self, command: str, name: str, dataset: str, data_sha256: str) -> None:
        """Begin the file of a run, or go on with it."""
        name = re.sub(r"[^\w.-]", "_", name)
        file = self.settings.model_dir / ".runs" / f"{name}.json"
        if file.is_file():
            self.run = json.loads(file.read_bytes())
        tags = {"command": command, "dataset": dataset, "data_sha256": data_sha256}
        params = self.settings.model_dump(mode="json")
        self.run |= {"name": name, "start": now(), "tags": tags, "params": params}
        self.files = [file] if self.tracking.tracking else []
        self.write("RUNNING")

    def write(self, status: str) -> None:
        """Write the file, if the run is recorded."""
        self.run |= {"status": status, "end": now(), "sent": ""}
        for file in self.files:
            write_json(file, self.run)

    def log_epoch(self, number: int, figures: Mapping[str, float]) -> None:
        """Keep the figures of an epoch, unless it has told them; send them at times."""
        for name, value in figures.items():
            point = name, float(value), now(), number
            self.run["points"].setdefault(f"{name} {number}", point)
        if self.files and time.monotonic() - self.sent_at > SECONDS:
            self.sent_at = time.monotonic()
            self.write("RUNNING")
            self.sender.apply_async(send, (self.tracking, self.files))

    def log_trial(self, number: int, score: float, params: Mapping[str, Any]) -> None:
        """Keep a trial, as a run within the run."""
        trial = {"name": f"{self.run['name']}/{number}", "params": dict(params)}
        points = {"score": ("score", float(score), now(), number)}
        times = {"status": "FINISHED", "start": now(), "end": now()}
        self.run["trials"].append({**trial, **times, "points": points})
        self.log_epoch(number, {"score": score})

    def log_version(self, folder: Path) -> None:
        """Keep what the manifest of a version says, beside what each epoch has told."""
        told = read_manifest(folder)
        self.run["version"] = {"version": folder.name, "created": told.created}
        self.run["params"] |= told.settings
        for name, value in told.metrics.items():
            for number, figure in enumerate(told.history.get(name, [value]), 1):
                self.log_epoch(number, {name: figure})

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        """Write the run; send it, unless somebody waits for the command to stop."""
        logging.getLogger(__package__).removeHandler(self)
        stopped = isinstance(error, KeyboardInterrupt)
        try:
            self.write("KILLED" if stopped else "FAILED" if error else "FINISHED")
            if not stopped and (self.files or self.promoted):
                job = self.sender.apply_async(send, (self.tracking, self.files))
                job.get(SECONDS)
        except Exception as problem:  # of MLflow, a driver or a connection
            why = masked(str(problem)) or f"no answer within {SECONDS} s"
            text = "MLflow lacks this: %s; it is kept, and `tracking sync` sends it"
            logger.warning(text, why, exc_info=logger.isEnabledFor(logging.DEBUG))


def tracking(settings: TrackingSettings) -> None:
    """List the runs of a model, or send them; a ProjectError says why that failed."""
    missing = []
    for file in sorted((settings.model_dir / ".runs").glob("*.json")):
        run = json.loads(file.read_bytes())
        if run["status"] == "RUNNING" and now() - run["end"] > SILENT_SECONDS * 1000:
            run["status"] = "KILLED"
            write_json(file, run)
        sent = run["sent"] == masked(settings.tracking_uri)
        missing += [] if sent else [file]
        if settings.action == "list":
            told = f"{run['tags']['command']:<8} {run['status']:<8}"
            print(f"{file.stem:<24} {told} {'sent' if sent else 'not sent'}")
    if settings.action == "sync":
        try:
            send(settings, missing)
        except Exception as error:  # of MLflow, a driver or a connection
            raise ProjectError(f"MLflow lacks runs: {masked(str(error))}") from error
        print(f"sent:    {len(missing)} runs")


def send(settings: TrackingSettings, files: list[Path]) -> None:
    """Send runs, and which version is in production; raise whatever MLflow raises."""
    client, model_dir = connect(settings.tracking_uri), settings.model_dir
    with filelock.FileLock(model_dir / ".runs" / ".lock", timeout=SECONDS):
        found = client.get_experiment_by_name(settings.experiment)
        place = found and found.experiment_id
        place = place or client.create_experiment(settings.experiment)
        model = f"{settings.experiment}-{settings.model_name}"
        for file in files:
            run = json.loads(file.read_bytes())
            send_run(client, place, run, model)
            if run["status"] != "RUNNING":
                write_json(file, {**run, "sent": masked(settings.tracking_uri)})
        if number := production(model_dir):
            # Numbers begin again when models/ is emptied; times do not.
            created = read_manifest(model_dir / str(number)).created
            same = f"name = '{model}' and tag.created = '{created}'"
            for version in client.search_model_versions(same):
                client.set_registered_model_alias(model, "production", version.version)


def connect(uri: str) -> Any:
    """Return MLflow's client, which takes seconds to import.

    A database gets its tables under another name, so that it is whole or not there.
    """
    os.environ.update({**ENVIRONMENT, **os.environ})
    if os.path.expanduser("~") == "~":
        os.environ["HOME"] = tempfile.gettempdir()  # MLflow asks for one, for nothing
    for name in ("alembic", "mlflow"):  # which would tell of every table
        logging.getLogger(name).setLevel(logging.WARNING)
    from mlflow import MlflowClient
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    def make(new: Path) -> None:
        SqlAlchemyStore(f"sqlite:///{new}", "mlruns").engine.dispose()

    file = Path(uri.partition("sqlite:///")[2])
    if file.name:
        with filelock.FileLock(f"{file}.lock"):
            if not file.exists():
                write_whole(file, make)
    return MlflowClient(uri, uri)


def send_run(client: Any, place: str, run: dict[str, Any], model: str) -> None:
    """Send a run with its trials and its version; what is there already stays."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    tags, version = run["tags"], run["version"]
    run_id = put(client, place, run, tags)
    for trial in run["trials"]:
        put(client, place, trial, {"mlflow.parentRunId": run_id})
    source = json.dumps({"sha256": tags["data_sha256"]})
    data = Dataset(tags["dataset"], tags["data_sha256"][:36], "local", source)
    use = InputTag("mlflow.data.context", "training")
    client.log_inputs(run_id, [DatasetInput(data, [use])])
    if version and not client.search_registered_models(f"name = '{model}'"):
        client.create_registered_model(model)
    if version and not client.search_model_versions(f"run_id = '{run_id}'"):
        where = client.get_run(run_id).info.artifact_uri
        client.create_model_version(model, where, run_id, version, await_creation_for=0)


def put(client: Any, place: str, run: dict[str, Any], tags: dict[str, str]) -> str:
    """Make a run, or complete the one that has its name; return its identifier."""
    from mlflow.entities import Metric, Param

    name = run["name"]
    found = client.search_runs([place], f"tags.recorded_run = '{name}'")
    tags = {**tags, "recorded_run": name}
    there = found[0] if found else client.create_run(place, run["start"], tags, name)
    run_id, old = str(there.info.run_id), there.data.params
    params = [Param(k, str(v)) for k, v in run["params"].items() if k not in old]
    client.log_batch(run_id, params=params)
    metrics = [Metric(*point) for point in run["points"].values()]
    for start in range(0, len(metrics), 1000):  # what MLflow takes at once
        client.log_batch(run_id, metrics[start : start + 1000])
    if run["status"] != "RUNNING":
        client.set_terminated(run_id, run["status"], run["end"])
    return run_id


def masked(text: str) -> str:
    """Return a text with addresses in it, without their users and passwords."""
    return re.sub(r"://[^/@\s]+@", "://***@", text)


def now() -> int:
    """Return milliseconds since 1970, as MLflow counts."""
    return int(time.time() * 1000)
