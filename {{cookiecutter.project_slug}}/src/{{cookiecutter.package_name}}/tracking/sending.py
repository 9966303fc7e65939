"""From a run's files to MLflow, so that what is sent twice is there once.

How far sending is, is written down after each step. A step whose answer was lost is
done again, and each one is made for that: a run is looked for by its name before it is
made, a model version by its run, and MLflow keeps one figure of the same name, step,
time and value.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    Metric,
    Param,
    RunTag,
)
from mlflow.exceptions import MlflowException

from ..aliases import production
from ..registry import read_manifest
from .recorder import MANNERS, PLACES
from .spool import EVENTS, LOG, SYSTEM, Event, Sent, Spool, flat, masked

logger = logging.getLogger(__name__)

NAME_TAG = "recorded_run"  # by which a run is found again
ALIAS = "production"
MOST_FIGURES = 500  # a request; MLflow takes 1,000
MOST_PARAMETERS = 100  # what MLflow takes at once
DIGEST_LENGTH = 36  # what MLflow keeps of a data set's fingerprint
UNUSABLE = re.compile(r"[^\w\-. /:]")  # what MLflow does not allow in a name

AnyItem = TypeVar("AnyItem")


class Sender:
    """Sends runs to one address."""

    def __init__(self, uri: str, experiment: str) -> None:
        """Name the address and the experiment; nothing is sent yet."""
        self.uri = uri
        self.experiment = experiment
        self.client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        self.handlers: dict[str, Callable[[Spool, Sent, Event], None]] = {
            "start": self.send_start,
            "trial": self.send_trial,
            "version": self.send_version,
            "end": self.send_end,
        }

    def try_to_send(self, spool: Spool, over: bool) -> bool:
        """Send what is new of a run; log and remember why, if that fails.

        Args:
            spool: The run.
            over: Whether nothing more will be told; a run that did not say how it
                ended was killed then.

        Returns:
            Whether everything is sent.
        """
        try:
            self.send(spool, over)
        except Exception as error:  # of MLflow, a driver or a connection: many kinds
            logger.debug("%s: not sent", spool.name, exc_info=True)
            sent = spool.sent(self.uri)
            sent.problem = reason(error)
            spool.write_sent(self.uri, sent)
            return False
        return True

    def send(self, spool: Spool, over: bool) -> None:
        """Send what is new of a run.

        Raises:
            Exception: Whatever MLflow raises where it cannot be reached.
        """
        sent = spool.sent(self.uri)
        events, measured = spool.read(EVENTS), spool.read(SYSTEM)
        if not events:
            return
        if sent.run_id is None:
            sent.run_id = self.find_or_create(spool.name, events[0])
        elif sent.ended and len(events) > sent.events:
            self.client.update_run(sent.run_id, status="RUNNING")  # it was resumed
            sent.ended = False
        for kind, group in groupby(events[sent.events :], lambda event: event["kind"]):
            alike = list(group)
            if kind == "metrics":
                self.send_figures(sent.run_id, alike)
                sent.events += len(alike)
                spool.write_sent(self.uri, sent)
                continue
            for event in alike:
                if kind in self.handlers:
                    self.handlers[kind](spool, sent, event)
                sent.events += 1
                spool.write_sent(self.uri, sent)
        self.send_figures(sent.run_id, measured[sent.system :])
        sent.system = len(measured)
        if over and not sent.ended:
            self.end(spool, sent, "KILLED", events[-1]["time"])
        sent.problem = None
        spool.write_sent(self.uri, sent)

    def find_or_create(
        self, name: str, first: Event, tags: Mapping[str, str] | None = None
    ) -> str:
        """Return the identifier of a run; make it if it is not there."""
        experiment = self.client.get_experiment_by_name(self.experiment)
        if experiment:
            identifier = experiment.experiment_id
        else:
            identifier = self.client.create_experiment(
                self.experiment, artifact_location(self.uri)
            )
        found = self.client.search_runs(
            [identifier], f"tags.{NAME_TAG} = '{name}'", max_results=1
        )
        if found:
            return str(found[0].info.run_id)
        run = self.client.create_run(
            identifier,
            start_time=first["time"],
            tags={NAME_TAG: name, **(tags or {})},
            run_name=name,
        )
        return str(run.info.run_id)

    def send_figures(self, run_id: str, events: Iterable[Event]) -> None:
        """Send the figures of some lines."""
        figures = [
            Metric(usable(name), value, event["time"], event["step"])
            for event in events
            if event["kind"] == "metrics"
            for name, value in event["figures"].items()
        ]
        for some in parts(figures, MOST_FIGURES):
            self.client.log_batch(run_id, metrics=some)

    def send_parameters(self, run_id: str, parameters: Mapping[str, str]) -> None:
        """Send the parameters that the run has not: MLflow lets none be changed."""
        there = self.client.get_run(run_id).data.params
        new = [
            Param(usable(name), text)
            for name, text in parameters.items()
            if usable(name) not in there
        ]
        for some in parts(new, MOST_PARAMETERS):
            self.client.log_batch(run_id, params=some)

    def send_start(self, spool: Spool, sent: Sent, event: Event) -> None:
        """Send parameters, data set and origin."""
        assert sent.run_id is not None
        self.send_parameters(sent.run_id, event["parameters"])
        tags = {
            "command": event["command"],
            "model": event["model"],
            "data_sha256": event["data_sha256"],
            "mlflow.source.name": event["command"],
            "mlflow.source.git.commit": event["git_commit"] or "",
        }
        texts = [RunTag(name, text) for name, text in tags.items() if text]
        self.client.log_batch(sent.run_id, tags=texts)
        data = Dataset(
            name=event["data"],
            digest=event["data_sha256"][:DIGEST_LENGTH],
            source_type="local",
            source=json.dumps({"sha256": event["data_sha256"]}),
        )
        use = [InputTag("mlflow.data.context", "training")]
        self.client.log_inputs(sent.run_id, [DatasetInput(data, use)])

    def send_trial(self, spool: Spool, sent: Sent, event: Event) -> None:
        """Send parameters that were tried, as a run within the run."""
        assert sent.run_id is not None
        number = event["number"]
        child = self.find_or_create(
            f"{spool.name}/{number}", event, {"mlflow.parentRunId": sent.run_id}
        )
        self.send_parameters(child, event["parameters"])
        score = Metric("score", event["score"], event["time"], number)
        self.client.log_batch(child, metrics=[score])
        self.client.log_batch(sent.run_id, metrics=[score])
        self.client.set_terminated(child, "FINISHED", event["time"])

    def send_version(self, spool: Spool, sent: Sent, event: Event) -> None:
        """Send the manifest of a version, and register it.

        The model's files stay where they are: the manifest has their hashes.
        """
        assert sent.run_id is not None
        manifest = event["manifest"]
        settings = {
            name: value
            for name, value in manifest["settings"].items()
            if name not in PLACES | MANNERS
        }
        self.send_parameters(sent.run_id, flat(settings))
        # The others were told epoch by epoch.
        summary = {
            name: value
            for name, value in manifest["metrics"].items()
            if name not in manifest["history"]
        }
        figures = {"kind": "metrics", "step": 0, "figures": summary}
        self.send_figures(sent.run_id, [{**figures, "time": event["time"]}])
        self.client.log_dict(sent.run_id, manifest, "manifest.json")
        tags = {"version": str(event["version"]), "created": manifest["created"]}
        texts = [RunTag(name, text) for name, text in tags.items()]
        self.client.log_batch(sent.run_id, tags=texts)
        name = self.registered_name(manifest["name"])
        try:
            self.client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        if not self.client.search_model_versions(
            f"name = '{name}' and run_id = '{sent.run_id}'"
        ):
            self.client.create_model_version(
                name,
                source=self.client.get_run(sent.run_id).info.artifact_uri,
                run_id=sent.run_id,
                tags=tags,
                description=f"models/{manifest['name']}/{event['version']}",
                await_creation_for=0,
            )

    def send_end(self, spool: Spool, sent: Sent, event: Event) -> None:
        """Send how the run ended."""
        self.end(spool, sent, event["status"], event["time"])

    def end(self, spool: Spool, sent: Sent, status: str, time: int) -> None:
        """Send the log, and mark the run as ended."""
        assert sent.run_id is not None
        log = spool.folder / LOG
        if log.is_file():
            self.client.log_artifact(sent.run_id, str(log))
        self.client.set_terminated(sent.run_id, status, time)
        sent.ended = True

    def registered_name(self, model: str) -> str:
        """Return what a model is called in MLflow, which many projects may share."""
        return f"{self.experiment}-{model}"

    def mirror_alias(self, model_dir: Path) -> None:
        """Let MLflow's alias name the version that is in production.

        Raises:
            Exception: Whatever MLflow raises where it cannot be reached.
        """
        name = self.registered_name(model_dir.name)
        if not self.client.search_registered_models(f"name = '{name}'"):
            return
        aliases = self.client.get_registered_model(name).aliases
        version = production(model_dir)
        if version is None:
            if ALIAS in aliases:
                self.client.delete_registered_model_alias(name, ALIAS)
            return
        # Numbers start again when models/ is emptied; the time of saving does not.
        created = read_manifest(model_dir / str(version)).created
        found = self.client.search_model_versions(
            f"name = '{name}' and tag.version = '{version}' "
            f"and tag.created = '{created}'"
        )
        if found and aliases.get(ALIAS) != found[0].version:
            self.client.set_registered_model_alias(name, ALIAS, found[0].version)


def reason(error: BaseException) -> str:
    """Return in one line why MLflow could not be reached, without passwords.

    MLflow's own message names requests and retries; what the system said, such as
    "Connection refused", is the last error of the system among the causes.
    """
    shown, cause = error, error.__cause__ or error.__context__
    while cause:
        shown = cause if isinstance(cause, OSError) else shown
        cause = cause.__cause__ or cause.__context__
    text = masked(" ".join(str(shown).split()))
    return text[:300] or type(shown).__name__


def artifact_location(uri: str) -> str | None:
    """Return where artifacts go: beside a file with a database, else as MLflow says."""
    scheme, found, path = uri.partition(":///")
    if not found or not scheme.startswith("sqlite"):
        return None
    return (Path(path).resolve().parent / "mlruns").as_uri()


def usable(name: str) -> str:
    """Return a name that MLflow allows."""
    return UNUSABLE.sub("_", name)


def parts(items: Sequence[AnyItem], size: int) -> Iterator[Sequence[AnyItem]]:
    """Yield the items in order, so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
