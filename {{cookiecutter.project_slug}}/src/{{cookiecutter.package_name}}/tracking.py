"""Trainings and searches as runs of MLflow, in a database or on a server.

A command logs what it does, with the facts as `extra`: `run` as it begins, each `epoch`
and `trial`, the `version` that it saved. They become lines of models/<name>/.runs/
<run>.jsonl, which is sent now and then and at the end; whatever MLflow does, a training
goes on, and `tracking sync` sends the rest. A run has its name as a tag: what is sent
twice is there once. Yours: `send_run`. `--help` imports this module, but no MLflow.
"""

import json
import logging
import os
import re
import tempfile
import time
from contextlib import ContextDecorator
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any, Literal, Self

import filelock
from pydantic import Field
from pydantic_settings import CliPositionalArg

from .config import ProjectError, Settings, load_settings
from .files import write_whole
from .registry import production, read_manifest

logger = logging.getLogger(__name__)

# The experiment of MLflow that all runs are put into.
EXPERIMENT = "{{ cookiecutter.project_slug }}"
SECONDS = 60  # between two sendings; and that a command waits for MLflow at its end
SILENT_SECONDS = 3600  # after which a run that has not ended is taken for a killed one
ENVIRONMENT = {  # of MLflow, which would try for minutes, and tell of every table
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
ADDRESS = r"^((sqlite|postgresql|mysql|mssql|https?)\S*://|databricks)\S*$"


class TrackingSettings(Settings):
    """Send MLflow the runs of a model that it does not have."""

    action: CliPositionalArg[Literal["sync"]] = "sync"
    """What to do"""
    tracking: bool = True
    """Whether commands record what they do"""
    # Not in logs, as it may hold a password.
    tracking_uri: str = Field("sqlite:///mlflow.db", pattern=ADDRESS, exclude=True)
    """MLflow's database, or the address of a server: http://…"""


class MlflowRun(logging.Handler, ContextDecorator):
    """Hears what a command logs, writes its run down, and sends it at the end."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings of the command."""
        super().__init__()
        known = ["--config", str(settings.config), "--model-name", settings.model_name]
        known += ["--models-dir", str(settings.models_dir)]
        self.tracking = load_settings(TrackingSettings, known, "tracking")
        self.settings = settings
        self.file: Path | None = None  # of the run, once it is heard of
        self.sender = ThreadPool(1)  # which ends with the process where a server hangs
        self.sent_at = time.monotonic()

    def __enter__(self) -> Self:
        """Begin to hear."""
        if self.tracking.tracking:
            logging.getLogger(__package__).addHandler(self)
        return self

    def emit(self, record: logging.LogRecord) -> None:
        """Write down the facts of what is logged; a figure is (name, value, step)."""
        told = vars(record)
        if "run" in told:
            tags = dict(told["run"])
            name = re.sub(r"[^\w.-]", "_", tags.pop("name"))
            self.file = self.settings.model_dir / ".runs" / f"{name}.jsonl"
            self.write(tags=tags, params=self.settings.model_dump(mode="json"))
        elif "epoch" in told:
            epoch = told["epoch"]
            self.write(figures=[(*each, epoch) for each in told["figures"].items()])
        elif "trial" in told:
            number, score, params = told["trial"].values()
            trial = {"params": params, "figures": [("score", score, number)]}
            self.write(trials={number: trial}, figures=trial["figures"])
        elif "version" in told:  # its folder may have gone when this is sent
            known = read_manifest(Path(told["version"]))
            steps = {name: len(values) for name, values in known.history.items()}
            figures = [(n, v, steps.get(n, 1)) for n, v in known.metrics.items()]
            what = {"version": Path(told["version"]).name, "created": known.created}
            self.write(version=what, params=known.settings, figures=figures)

    def write(self, **facts: Any) -> None:
        """Append a line to the file of the run, if there is one; send it at times."""
        if self.file is None:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        if (sent := self.file.with_suffix(".sent")).exists():  # it is taken up again
            sent.rename(self.file)
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"time": int(time.time() * 1000), **facts}) + "\n")
        if time.monotonic() - self.sent_at > SECONDS:
            self.sent_at = time.monotonic()
            self.sender.apply_async(send, (self.tracking,))

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        """Write how it ends; send it, unless somebody waits for the command to stop."""
        logging.getLogger(__package__).removeHandler(self)
        stopped = isinstance(error, KeyboardInterrupt)
        heard = self.tracking.tracking and (self.file or not error)
        try:
            self.write(end="KILLED" if stopped else "FAILED" if error else "FINISHED")
            if heard and not stopped:
                self.sender.apply_async(send, (self.tracking,)).get(SECONDS)
        except Exception as problem:  # of MLflow, a driver or a connection
            why = masked(problem) or f"no answer within {SECONDS} s"
            logger.warning("MLflow lacks this: %s; `tracking sync` sends it", why)
        self.sender.close()


def tracking(settings: TrackingSettings) -> None:
    """Send the runs of a model; a ProjectError says why that failed."""
    try:
        print(f"sent:    {send(settings)} runs")
    except Exception as error:  # of MLflow, a driver or a connection
        raise ProjectError(f"MLflow lacks runs: {masked(error)}") from error


def masked(error: Exception) -> str:
    """Return what an error says, without users and passwords of addresses in it."""
    return re.sub(r"://[^/@\s]+@", "://***@", str(error))


def send(settings: TrackingSettings) -> int:
    """Send what MLflow lacks, and return how many runs; raise whatever it raises."""
    folder, model = settings.model_dir / ".runs", f"{EXPERIMENT}-{settings.model_name}"
    if not folder.is_dir():
        return 0
    client, count = connect(settings.tracking_uri), 0
    with filelock.FileLock(folder / ".lock", timeout=SECONDS):
        found = client.get_experiment_by_name(EXPERIMENT)
        place = found.experiment_id if found else client.create_experiment(EXPERIMENT)
        for file in () if found else folder.glob("*.sent"):  # to another MLflow
            file.rename(file.with_suffix(".jsonl"))
        for file in sorted(folder.glob("*.jsonl")):
            lines = [line for line in file.open("rb") if line.endswith(b"}\n")]
            facts = [json.loads(line) for line in lines]  # the last one may be torn
            if not facts:
                continue
            if time.time() - file.stat().st_mtime > SILENT_SECONDS:
                facts.append({"end": "KILLED", **facts[-1]})
            send_run(client, place, model, file.stem, facts[0]["tags"], facts)
            if "end" in facts[-1]:
                file.rename(file.with_suffix(".sent"))
            count += 1
        if number := production(settings.model_dir):
            # Numbers begin again when models/ is emptied; times do not.
            created = read_manifest(settings.model_dir / str(number)).created
            same = f"name = '{model}' and tag.created = '{created}'"
            for version in client.search_model_versions(same):
                client.set_registered_model_alias(model, "production", version.version)
    return count


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


def send_run(
    client: Any, place: str, model: str, name: str, tags: Any, facts: list[Any]
) -> None:
    """Make a run with its trials and its version, or complete that of the same name."""
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param

    params: dict[str, Any] = {}
    metrics: dict[tuple[str, int], Metric] = {}  # as they were told first
    for told in facts:
        params |= told.get("params", {})
        for key, value, step in told.get("figures", ()):
            metrics.setdefault((key, step), Metric(key, value, told["time"], step))
    found = client.search_runs([place], f"tags.recorded_run = '{name}'")
    own, start = {**tags, "recorded_run": name}, facts[0]["time"]
    run = found[0] if found else client.create_run(place, start, own, name)
    run_id, old, points = run.info.run_id, run.data.params, list(metrics.values())
    new = [Param(key, str(value)) for key, value in params.items() if key not in old]
    for first in range(0, len(points) or 1, 900):  # MLflow takes 1000 facts at once
        client.log_batch(run_id, points[first : first + 900], new)
    source = json.dumps({"sha256": tags["data_sha256"]})
    data = Dataset(tags["dataset"], tags["data_sha256"][:36], "local", source)
    use = InputTag("mlflow.data.context", "training")
    client.log_inputs(run_id, [DatasetInput(data, [use])])
    for told in facts:
        for number, trial in told.get("trials", {}).items():
            trial |= {"time": told["time"], "end": "FINISHED"}
            nested = {**tags, "mlflow.parentRunId": run_id}
            send_run(client, place, model, f"{name}/{number}", nested, [trial])
        same = f"run_id = '{run_id}'"
        if "version" in told and not client.search_model_versions(same):
            if not client.search_registered_models(f"name = '{model}'"):
                client.create_registered_model(model)
            options = {"tags": told["version"], "await_creation_for": 0}
            client.create_model_version(model, run.info.artifact_uri, run_id, **options)
    if end := facts[-1].get("end"):
        client.set_terminated(run_id, end, facts[-1]["time"])
