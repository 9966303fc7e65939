"""Trainings and searches as runs of MLflow, in a database or on a server.

A command logs what it does, with the facts as `extra`: `run` as it begins, each `epoch`
and `trial`, the `version` that it saved, what is in `production`. They become lines of
models/<name>/.runs/<run>.jsonl, which are sent now and then, and at the end: nothing
that MLflow does costs a training, and `tracking sync` sends what is missing. MLflow has
the name of a run as a tag: what is sent twice is there once.

Yours: `send_run` says what MLflow is told. `--help` imports this module, but no MLflow.
"""

import json
import logging
import os
import re
import tempfile
import time
from functools import cached_property
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import filelock
from pydantic import Field
from pydantic_settings import CliPositionalArg

from .config import ProjectError, Settings, load_settings
from .files import write_whole
from .registry import production, read_manifest

logger = logging.getLogger(__name__)

SECONDS = 60  # between two sendings; and that a command waits for MLflow at its end
SILENT_SECONDS = 3600  # after which a run that has not ended is taken for a killed one
ENVIRONMENT = {  # of MLflow, which would try for minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class TrackingSettings(Settings):
    """Send MLflow the runs of a model that it does not have."""

    group: ClassVar[str] = "track"
    action: CliPositionalArg[Literal["sync"]] = "sync"
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
    """Hears what a command logs, writes its run down, and sends it at the end."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings of the command."""
        super().__init__()
        known = ["--config", str(settings.config), "--model-name", settings.model_name]
        known += ["--models-dir", str(settings.models_dir)]
        self.tracking = load_settings(TrackingSettings, known, "tracking")
        self.settings, self.promoted = settings, False
        self.file: Path | None = None  # that of the run, if it is recorded
        self.sent_at = time.monotonic()

    def __enter__(self) -> Self:
        """Begin to hear."""
        logging.getLogger(__package__).addHandler(self)
        return self

    @cached_property
    def sender(self) -> ThreadPool:
        """A thread that ends with the process where a server hangs."""
        return ThreadPool(1)

    def emit(self, record: logging.LogRecord) -> None:
        """Write down the facts of what is logged; a figure is (name, value, step)."""
        told = vars(record) if self.tracking.tracking else {}
        if "run" in told:
            tags = dict(told["run"])  # the same name: the same run, taken up again
            name = re.sub(r"[^\w.-]", "_", tags.pop("name"))
            self.file = self.settings.model_dir / ".runs" / f"{name}.jsonl"
            self.write(run=tags, params=self.settings.model_dump(mode="json"))
        elif "epoch" in told:
            figures = told["figures"].items()
            self.write(figures=[(*each, told["epoch"]) for each in figures])
        elif "trial" in told:
            number, score, params = told["trial"].values()
            self.write(trial=number, tried=params, figures=[("score", score, number)])
        elif "version" in told:  # its folder may have gone when this is sent
            folder = Path(told["version"])
            known = read_manifest(folder)
            all_figures = [
                (name, value, step)
                for name, last in known.metrics.items()
                for step, value in enumerate(known.history.get(name, [last]), 1)
            ]
            what = {"version": folder.name, "created": known.created}
            self.write(version=what, params=known.settings, figures=all_figures)
        self.promoted |= "production" in told

    def write(self, **facts: Any) -> None:
        """Append a line to the file of the run, if there is one; send it at times."""
        if self.file is None:
            return
        append(self.file, facts)
        if time.monotonic() - self.sent_at > SECONDS:
            self.sent_at = time.monotonic()
            self.sender.apply_async(send, (self.tracking,))

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        """Write how it ends; send it, unless somebody waits for the command to stop."""
        logging.getLogger(__package__).removeHandler(self)
        stopped = isinstance(error, KeyboardInterrupt)
        try:
            self.write(end="KILLED" if stopped else "FAILED" if error else "FINISHED")
            if not stopped and (self.file or self.promoted):
                self.sender.apply_async(send, (self.tracking,)).get(SECONDS)
        except Exception as problem:  # of MLflow, a driver or a connection
            why = masked(str(problem)) or f"no answer within {SECONDS} s"
            text = "MLflow lacks this: %s; it is kept, and `tracking sync` sends it"
            logger.warning(text, why, exc_info=logger.isEnabledFor(logging.DEBUG))


def append(file: Path, facts: dict[str, Any]) -> None:
    """Append a line to the file of a run: facts, and the time as MLflow counts it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({"time": int(time.time() * 1000), **facts}) + "\n")


def tracking(settings: TrackingSettings) -> None:
    """Send the runs of a model; a ProjectError says why that failed."""
    try:
        print(f"sent:    {send(settings)} runs")
    except Exception as error:  # of MLflow, a driver or a connection
        raise ProjectError(f"MLflow lacks runs: {masked(str(error))}") from error


def send(settings: TrackingSettings) -> int:
    """Send what MLflow lacks, and return how many runs; raise whatever it raises."""
    runs, uri, count = settings.model_dir / ".runs", settings.tracking_uri, 0
    if not runs.is_dir():
        return 0
    client = connect(uri)
    model = f"{settings.experiment}-{settings.model_name}"
    with filelock.FileLock(runs / ".lock", timeout=SECONDS):
        found = client.get_experiment_by_name(settings.experiment)
        place = found and found.experiment_id
        place = place or client.create_experiment(settings.experiment)
        for file in sorted(runs.glob("*.jsonl")):
            lines = [line for line in file.open("rb") if line.endswith(b"}\n")]
            facts = [json.loads(line) for line in lines]  # the last one may be torn
            if not facts or facts[-1].get("sent") == masked(uri):
                continue
            silent = time.time() - file.stat().st_mtime > SILENT_SECONDS
            *_, last = (told for told in facts if told.keys() & {"run", "end"})
            status = last.get("end", "KILLED" if silent else "RUNNING")
            send_run(client, place, model, file.stem, facts, status)
            if status != "RUNNING":
                append(file, {"sent": masked(uri)})
            count += 1
        if number := production(settings.model_dir):
            # Numbers begin again when models/ is emptied; times do not.
            created = read_manifest(settings.model_dir / str(number)).created
            same = f"name = '{model}' and tag.created = '{created}'"
            for version in client.search_model_versions(same):
                client.set_registered_model_alias(model, "production", version.version)
    return count


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


def send_run(
    client: Any, place: str, model: str, name: str, facts: list[Any], status: str
) -> None:
    """Send a run with its trials and its version; what is there already stays."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    tags = facts[0]["run"]
    run_id = put(client, place, name, tags, facts, status)
    for told in facts:
        if "trial" in told:
            trial = [{**told, "params": told["tried"]}]
            parent, own = {"mlflow.parentRunId": run_id}, f"{name}/{told['trial']}"
            put(client, place, own, parent, trial, "FINISHED")
    source = json.dumps({"sha256": tags["data_sha256"]})
    data = Dataset(tags["dataset"], tags["data_sha256"][:36], "local", source)
    use = InputTag("mlflow.data.context", "training")
    client.log_inputs(run_id, [DatasetInput(data, [use])])
    for version in (told["version"] for told in facts if "version" in told):
        if not client.search_registered_models(f"name = '{model}'"):
            client.create_registered_model(model)
        if not client.search_model_versions(f"run_id = '{run_id}'"):
            where = client.get_run(run_id).info.artifact_uri
            options = {"tags": version, "await_creation_for": 0}
            client.create_model_version(model, where, run_id, **options)


def put(
    client: Any, place: str, name: str, tags: Any, facts: list[Any], status: str
) -> str:
    """Make a run, or complete the one that has its name; return its identifier."""
    from mlflow.entities import Metric, Param

    params: dict[str, Any] = {}
    metrics: dict[tuple[str, int], Metric] = {}  # as they were told first
    for told in facts:
        params |= told.get("params", {})
        for key, value, step in told.get("figures", ()):
            metrics.setdefault((key, step), Metric(key, value, told["time"], step))
    found = client.search_runs([place], f"tags.recorded_run = '{name}'")
    tags, start = {**tags, "recorded_run": name}, facts[0]["time"]
    there = found[0] if found else client.create_run(place, start, tags, name)
    run_id, old = str(there.info.run_id), there.data.params
    new = [Param(key, str(value)) for key, value in params.items() if key not in old]
    client.log_batch(run_id, params=new)
    points = list(metrics.values())
    for first in range(0, len(points), 1000):  # what MLflow takes at once
        client.log_batch(run_id, points[first : first + 1000])
    if status != "RUNNING":
        end = max(told["time"] for told in facts if "sent" not in told)
        client.set_terminated(run_id, status, end)
    return run_id


def masked(text: str) -> str:
    """Return a text with addresses in it, without their users and passwords."""
    return re.sub(r"://[^/@\s]+@", "://***@", text)
