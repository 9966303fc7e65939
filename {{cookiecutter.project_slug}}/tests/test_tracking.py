"""What MLflow has of versions and searches, whatever its server does meanwhile."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from {{ cookiecutter.package_name }} import main, registry, tracking
from {{ cookiecutter.package_name }}.config import ENV_PREFIX, TrainSettings
from {{ cookiecutter.package_name }}.tracking import tracked

from samples import QUICK_TRAINING

PATIENCE = 120  # seconds, on a machine that does much else
URI = f"{ENV_PREFIX}TRACKING_URI"

Save = Callable[[], Path]


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of MLflow; making one takes seconds, so all tests share it."""
    file = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    tracking.connect(f"sqlite:///{file}")
    return file


@pytest.fixture
def experiment(
    project: Path,
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    request: Any,
) -> str:
    """Send what commands do to the database; return the experiment of this test."""
    caplog.set_level(logging.INFO, main.__package__)
    monkeypatch.setenv(f"{ENV_PREFIX}TRACKING", "true")
    monkeypatch.setattr(tracking, "EXPERIMENT", request.node.name)
    for name in (URI, "DATABASE"):  # a test may change the first one
        monkeypatch.setenv(name, f"sqlite:///{database}")
    return str(request.node.name)


def everything(experiment: str) -> list[dict[str, Any]]:
    """Return what the database has of an experiment's runs: by time, trials last."""
    client = tracking.connect(os.environ["DATABASE"])
    known, found = client.get_experiment_by_name(experiment), list[dict[str, Any]]()
    places = [known.experiment_id] if known else []
    for run in client.search_runs(places, order_by=["start_time"]):
        run_id, facts = run.info.run_id, {"status": run.info.status, **dict(run.data)}
        facts |= {"id": run_id, "times": (run.info.start_time, run.info.end_time)}
        facts["figures"] = {
            name: [(p.step, p.value) for p in client.get_metric_history(run_id, name)]
            for name in run.data.metrics
        }
        used = run.inputs.dataset_inputs
        facts["data"] = [(each.dataset.name, each.dataset.digest) for each in used]
        versions = client.search_model_versions(f"run_id = '{run_id}'")
        facts["versions"] = [(each.name, each.tags["version"]) for each in versions]
        found.append(facts)
    # A trial may begin in the same millisecond as the run that it is in.
    return sorted(found, key=lambda run: "mlflow.parentRunId" in run["tags"])


def test_a_version_is_a_run_with_everything_that_is_known_of_it(
    experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main.main(["train", "--quiet", *QUICK_TRAINING]) == 0
    manifest = registry.read_manifest(Path("models/model/1"))
    (run,) = everything(experiment)
    assert run["status"] == "FINISHED" and run["params"]["seed"] == "1"
    start, end = run["times"]
    assert 0 < end - start < 1000 * PATIENCE
    assert run["versions"] == [(f"{experiment}-model", "1")]
    ((_, digest),) = run["data"]
    assert manifest.data_sha256.startswith(digest)
    for name, value in manifest.metrics.items():
        told = list(enumerate(manifest.history.get(name, [value]), 1))
        assert run["figures"][name] == told
    assert main.main(["registry", "promote", "--quiet"]) == 0
    client = tracking.connect(os.environ[URI])
    version = client.get_model_version_by_alias(f"{experiment}-model", "production")
    assert version.tags["version"] == "1"
    monkeypatch.setenv(URI, "nonsense")
    assert main.main(["registry", "list"]) == 0  # sends nothing, and reads no setting
    assert main.main(["registry", "rollback"]) == 2


#% if cookiecutter.__data_kind == "tabular"
def search(trials: int) -> None:
    """Search on, to so many trials."""
    tune = ["tune", "--quiet", "--trials", str(trials), *QUICK_TRAINING]
    assert main.main(tune) == 0


def test_trials_are_runs_within_the_run_of_their_search(
    experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(2)
    ended = iter([True, False])  # the last trial, not the search

    def set_terminated(*arguments: Any) -> None:
        if not next(ended):
            raise ConnectionError
        whole(*arguments)

    whole = MlflowClient.set_terminated
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "set_terminated", set_terminated)
        search(3)  # it goes on
    assert main.main(["tracking", "sync"]) == 0
    parent, *found = everything(experiment)
    assert {trial["tags"]["mlflow.parentRunId"] for trial in found} == {parent["id"]}
    scores = [trial["figures"]["score"] for trial in found]
    assert all(step == 1 and 0.9 < score <= 1 for [(step, score)] in scores)
    assert len({trial["params"]["C"] for trial in found}) == len(found) == 3
    assert {run["status"] for run in (parent, *found)} == {"FINISHED"}
    tracking.connect(os.environ[URI]).delete_run(parent["id"])
    search(4)  # what it finds has no place any more
    assert main.main(["train", "--quiet", *QUICK_TRAINING]) == 0
    assert [run["versions"] for run in everything(experiment) if run["versions"]]


#% endif
def test_a_command_that_fails_or_is_to_be_silent_sends_nothing(
    experiment: str, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt), tracked(TrainSettings()):
        save()
        raise KeyboardInterrupt
    monkeypatch.setenv(f"{ENV_PREFIX}TRACKING", "false")
    with tracked(TrainSettings()):
        save()
    assert everything(experiment) == []
    assert main.main(["tracking", "sync"]) == 0
    assert [run["status"] for run in everything(experiment)] == ["FINISHED"] * 2


def test_an_mlflow_that_is_new_gets_the_old_runs_but_none_that_was_deleted(
    experiment: str, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    save()
    assert main.main(["tracking", "sync"]) == 0
    (run,) = everything(experiment)
    tracking.connect(os.environ[URI]).delete_run(run["id"])
    assert main.main(["tracking", "sync"]) == 0
    assert everything(experiment) == []
    for name in (URI, "DATABASE"):
        monkeypatch.setenv(name, "sqlite:///new.db")
    assert main.main(["tracking", "sync"]) == 0
    (again,) = everything(experiment)
    assert again["figures"] == run["figures"] and again["versions"] == run["versions"]


@pytest.fixture
def server(experiment: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A real server of MLflow that answers; it and its workers are killed at last."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port)]
    command += ["--backend-store-uri", os.environ[URI], "--workers", "1"]
    env = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    server = subprocess.Popen(command, env=env, start_new_session=True)
    monkeypatch.setenv(URI, f"http://127.0.0.1:{port}")
    deadline = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                urllib.request.urlopen(f"{os.environ[URI]}/health", timeout=5)
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield server
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def is_there_once(experiment: str) -> None:
    """Assert that MLflow has all of the only version, however often it is sent."""
    for _ in range(2):
        assert main.main(["tracking", "sync"]) == 0
        (run,) = everything(experiment)
        assert run["status"] == "FINISHED"
        assert run["figures"] == {"val_accuracy": [(1, 0.8), (2, 0.9)]}
        assert run["versions"] == [(f"{experiment}-model", "1")]


@pytest.mark.parametrize(
    "call",
    ["log_batch", "create_registered_model", "create_model_version", "set_terminated"],
)
def test_a_connection_that_ends_at_any_step_costs_nothing(
    call: str, save: Save, experiment: str, monkeypatch: Any, caplog: Any
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise ConnectionError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, call, fail)
        with tracked(TrainSettings()):
            save()
    assert "gone; `tracking sync`" in caplog.text
    assert [run["status"] for run in everything(experiment)] == ["RUNNING"]
    is_there_once(experiment)


@pytest.mark.skipif(os.name == "nt", reason="kills a server and its workers")
def test_a_server_that_is_killed_half_way_has_all_after_a_sync(
    server: Any, save: Save, experiment: str, monkeypatch: Any, caplog: Any
) -> None:
    whole = MlflowClient.log_inputs

    def log_inputs(*arguments: Any) -> None:
        os.killpg(server.pid, signal.SIGKILL)
        whole(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_inputs", log_inputs)
        with tracked(TrainSettings()):
            save()
    assert "Connection" in caplog.text and "`tracking sync`" in caplog.text
    assert [run["status"] for run in everything(experiment)] == ["RUNNING"]
    assert main.main(["tracking", "sync"]) == 2
    # What stands behind the server is what it had; another one would begin with this.
    monkeypatch.setenv(URI, os.environ["DATABASE"])
    is_there_once(experiment)


def test_a_server_that_is_down_or_never_answers_costs_seconds_and_no_training(
    save: Save, experiment: str, monkeypatch: Any, caplog: Any, capsys: Any
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        # pragma: allowlist nextline secret
        monkeypatch.setenv(URI, f"http://ada:secret@127.0.0.1:{port}")
        with monkeypatch.context() as patch, tracked(TrainSettings()):
            patch.setattr(tracking, "SECONDS", 0.5)
            save()
        assert "MLflow has not answered for 0.5 s; `tracking sync`" in caplog.text
        with tracked(TrainSettings()):
            save()
        assert "timed out" in caplog.text
    assert main.main(["tracking", "sync"]) == 2  # nobody listens there any more
    told = capsys.readouterr().err
    assert "refused" in told or "reset" in told
    assert "secret" not in caplog.text + told


def test_a_database_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlflow.store.db.utils._upgrade_db", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tracking.connect(f"sqlite:///{tmp_path}/mlflow.db")
    assert [file.name for file in tmp_path.iterdir()] == ["mlflow.db.lock"]


@pytest.mark.skipif(os.name == "nt", reason="asks for Unix' accounts")
def test_an_account_without_home_and_name_sends_all(
    save: Save, experiment: str
) -> None:
    code = (
        "import os, pwd, sys\n"
        "def nobody(*_): raise KeyError('no such user')\n"
        "pwd.getpwuid = pwd.getpwnam = nobody\n"
        "from {{ cookiecutter.package_name }} import main, tracking\n"
        f"tracking.EXPERIMENT = {experiment!r}\n"
        "sys.exit(main.main(['tracking', 'sync']))"
    )
    save()
    names = {"HOME", "USER", "LOGNAME", "LNAME", "USERNAME", "USERPROFILE"}
    bare = {name: value for name, value in os.environ.items() if name not in names}
    subprocess.run([sys.executable, "-c", code], env=bare, check=True)
    is_there_once(experiment)


def test_no_other_command_imports_mlflow() -> None:
    code = (
        "import sys; from {{ cookiecutter.package_name }} import main; "
        "main.all_settings(); sys.exit('mlflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
