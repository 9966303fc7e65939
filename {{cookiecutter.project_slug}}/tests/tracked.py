"""Fixtures of tests that record runs: a database of MLflow, and what it holds."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from {{ cookiecutter.package_name }}.config import ENV_PREFIX
from {{ cookiecutter.package_name }}.recording import RecordSettings
from {{ cookiecutter.package_name }}.tracking import companion, spool
from {{ cookiecutter.package_name }}.tracking.spool import Spool

NOBODY = "http://127.0.0.1:9"  # the port "discard", where nothing listens


class InThisProcess:
    """A companion that is no process of its own: it works when the training ends."""

    def __init__(self, settings: RecordSettings, run: Spool | None) -> None:
        """Take what `companion.start` takes."""
        model_dir = settings.models_dir / settings.model_name
        self.order = companion.Order(
            str(model_dir),
            str(run.folder) if run else None,
            settings.tracking_uri,
            settings.experiment,
            settings.tracking_seconds,
        )

    def finish(self, seconds: float | None) -> bool:
        """Send everything now."""
        over = threading.Event()
        over.set()
        return companion.follow(self.order, over)


@pytest.fixture
def tracked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands record, and send in this very process."""
    monkeypatch.setenv(f"{ENV_PREFIX}TRACKING", "true")
    monkeypatch.setattr(companion, "start", InThisProcess)


@pytest.fixture
def unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write runs only."""
    monkeypatch.setattr(companion, "start", lambda settings, run: None)


@pytest.fixture
def record_settings(tmp_path: Path, request: pytest.FixtureRequest) -> RecordSettings:
    """The settings of a command that records, with an experiment for this test."""
    (tmp_path / "empty.yaml").touch()
    return RecordSettings(
        config=tmp_path / "empty.yaml",
        models_dir=tmp_path / "models",
        tracking=True,
        tracking_uri=NOBODY,
        experiment=request.node.name.partition("[")[0],
    )


@pytest.fixture(scope="session")
def mlflow_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database of MLflow; making one takes seconds, so all tests share it."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}"


@pytest.fixture
def mlflow_client(mlflow_address: str) -> Any:
    """MLflow's own view of the database."""
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=mlflow_address, registry_uri=mlflow_address)


@pytest.fixture
def send_runs(
    record_settings: RecordSettings, mlflow_address: str
) -> Callable[[], Any]:
    """Send everything of all runs of the model to the database, as `sync` does."""

    def send_all() -> Any:
        from {{ cookiecutter.package_name }}.tracking.sending import Sender

        sender = Sender(mlflow_address, record_settings.experiment)
        model_dir = record_settings.models_dir / record_settings.model_name
        for run in spool.runs(model_dir):
            sender.send(run, over=True)
        sender.mirror_alias(model_dir)
        return sender

    return send_all


def only_run(settings: RecordSettings) -> Spool:
    """Return the only run of the model."""
    (run,) = spool.runs(settings.models_dir / settings.model_name)
    return run


def facts(client: Any, run: Spool, address: str) -> dict[str, Any]:
    """Return everything that MLflow has of a run."""
    there = client.get_run(run.sent(address).run_id)
    return {
        "parameters": there.data.params,
        "tags": there.data.tags,
        "status": there.info.status,
        "end": there.info.end_time,
        "figures": {
            name: [
                (point.step, point.value)
                for point in client.get_metric_history(there.info.run_id, name)
            ]
            for name in there.data.metrics
        },
        "data": [
            (given.dataset.name, given.dataset.digest)
            for given in there.inputs.dataset_inputs
        ],
        "artifacts": sorted(
            file.path for file in client.list_artifacts(there.info.run_id)
        ),
    }
