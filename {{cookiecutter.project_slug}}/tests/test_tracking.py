"""What MLflow has of trainings and searches, whatever its server does meanwhile."""

import json
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
from {{ cookiecutter.package_name }}.tracking import MlflowRun

from samples import QUICK_TRAINING

PATIENCE = 120  # seconds, on a machine that does much else
URI = f"{ENV_PREFIX}TRACKING_URI"

Record = Callable[..., Path]


def tell(**facts: Any) -> None:
    """Log as a command does."""
    logging.getLogger(main.__name__).info("", extra=facts)


def begin(name: str) -> None:
    """Log as a command that begins."""
    data = {"dataset": "digits", "data_sha256": "0" * 64}
    tell(run={"command": "train", "name": name, **data})


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
    """Record what commands do in the database; return the experiment of this test."""
    caplog.set_level(logging.INFO, main.__package__)
    monkeypatch.setenv(f"{ENV_PREFIX}TRACKING", "true")
    monkeypatch.setattr(tracking, "EXPERIMENT", request.node.name)
    for name in (URI, "DATABASE"):  # a test may change the first one
        monkeypatch.setenv(name, f"sqlite:///{database}")
    return str(request.node.name)


@pytest.fixture
def record(experiment: str, save: Callable[[], Path]) -> Record:
    """Record a training of two epochs, of no real model; return the file of its run."""

    def train(name: str = "one", error: BaseException | None = None) -> Path:
        with MlflowRun(TrainSettings()):
            begin(name)
            tell(epoch=1, figures={"val_accuracy": 0.8})
            if error:
                raise error
            tell(version=str(save()))
        return Path(f"models/model/.runs/{name}.jsonl")

    return train


def end() -> Any:
    """Return how the run has ended, if that is the last that is written of it."""
    file = Path("models/model/.runs/one.jsonl")
    return json.loads(file.read_text("utf-8").splitlines()[-1])["end"]


def everything(experiment: str) -> list[dict[str, Any]]:
    """Return what the database has of an experiment's runs: by time, trials last."""
    client = tracking.connect(os.environ["DATABASE"])
    place = client.get_experiment_by_name(experiment).experiment_id
    found = []
    for run in client.search_runs([place], order_by=["start_time"]):
        run_id, facts = run.info.run_id, {"status": run.info.status, **dict(run.data)}
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


def test_a_training_is_a_run_with_everything_that_is_known_of_it(
    experiment: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert main.main(["train", "--quiet", *QUICK_TRAINING]) == 0
    manifest = registry.read_manifest(Path("models/model/1"))
    (run,) = everything(experiment)
    assert run["status"] == "FINISHED" and run["params"]["seed"] == "1"
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
    assert main.main(["tracking", "sync"]) == 0
    assert "sent:    0 runs" in capsys.readouterr().out
    monkeypatch.setenv(URI, "nonsense")
    assert main.main(["registry", "list"]) == 0  # records nothing, and reads no setting
    assert main.main(["registry", "rollback"]) == 2


def test_trials_are_runs_within_the_run(experiment: str) -> None:
    with MlflowRun(TrainSettings()):
        begin("search")
        for number in range(3):
            params = {"C": 0.5 * number}
            tell(trial={"number": number, "score": 0.9, "params": params})
    parent, *trials = everything(experiment)
    assert sorted(trial["params"]["C"] for trial in trials) == ["0.0", "0.5", "1.0"]
    assert all(trial["tags"]["mlflow.parentRunId"] for trial in trials)
    assert parent["figures"]["score"] == [(0, 0.9), (1, 0.9), (2, 0.9)]


def test_a_training_that_was_stopped_waits_for_nothing_and_goes_on_as_the_same_run(
    record: Record, experiment: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        record("one", KeyboardInterrupt())
    assert end() == "KILLED"
    Path("models/model/.runs/none.jsonl").touch()  # of a disk that was full
    with pytest.raises(ValueError, match="bad"):
        record("two", ValueError("bad"))
    assert [run["status"] for run in everything(experiment)] == ["KILLED", "FAILED"]
    record("one")
    assert {
        run["tags"]["recorded_run"]: (run["status"], run["figures"]["val_accuracy"])
        for run in everything(experiment)
    } == {"one": ("FINISHED", [(1, 0.8), (2, 0.9)]), "two": ("FAILED", [(1, 0.8)])}


def test_a_long_training_is_sent_while_it_goes_on(
    experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MlflowRun(TrainSettings()) as recorder:
        begin("one")
        monkeypatch.setattr(recorder, "sent_at", -tracking.SECONDS)
        tell(epoch=1, figures={"loss": 0.5})
        recorder.sender.apply(int)  # the next one in the queue
        (run,) = everything(experiment)
        assert (run["status"], run["figures"]) == ("RUNNING", {"loss": [(1, 0.5)]})
        assert main.main(["tracking", "sync"]) == 0  # finds it going on
    (run,) = everything(experiment)
    assert (run["status"], run["figures"]) == ("FINISHED", {"loss": [(1, 0.5)]})


def test_an_mlflow_that_is_new_gets_the_old_runs_too(
    experiment: str, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    record()
    (run,) = everything(experiment)
    for name in (URI, "DATABASE"):
        monkeypatch.setenv(name, "sqlite:///new.db")
    assert main.main(["tracking", "sync"]) == 0
    (again,) = everything(experiment)
    assert again["figures"] == run["figures"] and again["versions"] == run["versions"]


@pytest.mark.skipif(os.name == "nt", reason="kills a process")
def test_a_training_that_was_killed_is_sent_as_such(experiment: str) -> None:
    code = (
        "import os, signal\n"
        "from {{ cookiecutter.package_name }} import main, registry\n"
        "def kill(*_, **__): os.kill(os.getpid(), signal.SIGKILL)\n"
        "registry.save_version = kill\n"
        f"main.main(['train', '--quiet', *{QUICK_TRAINING}])"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    (file,) = Path("models/model/.runs").glob("*.jsonl")
    assert main.main(["tracking", "sync"]) == 0
    assert [run["status"] for run in everything(experiment)] == ["RUNNING"]
    os.utime(file, (0, 0))  # nothing was heard of it for long
    for _ in range(2):
        assert main.main(["tracking", "sync"]) == 0
        assert [run["status"] for run in everything(experiment)] == ["KILLED"]


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


@pytest.mark.skipif(os.name == "nt", reason="kills a server and its workers")
def test_a_server_that_is_killed_half_way_has_all_after_a_sync(
    server: Any, record: Record, experiment: str, monkeypatch: Any, caplog: Any
) -> None:
    whole = MlflowClient.log_inputs

    def log_inputs(*arguments: Any) -> None:
        os.killpg(server.pid, signal.SIGKILL)
        whole(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_inputs", log_inputs)
        record()
    assert "Connection" in caplog.text and "`tracking sync`" in caplog.text
    assert end() == "FINISHED"
    assert main.main(["tracking", "sync"]) == 2
    # What stands behind the server is what it had; another one would begin with this.
    monkeypatch.setenv(URI, os.environ["DATABASE"])
    assert main.main(["tracking", "sync"]) == 0
    (run,) = everything(experiment)
    assert run["figures"] == {"val_accuracy": [(1, 0.8), (2, 0.9)]}
    assert run["versions"] == [(f"{experiment}-model", "1")]


def test_a_server_that_is_down_or_never_answers_costs_seconds_and_no_training(
    record: Record, monkeypatch: pytest.MonkeyPatch, caplog: Any, capsys: Any
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        # pragma: allowlist nextline secret
        monkeypatch.setenv(URI, f"http://ada:secret@127.0.0.1:{port}")
        with monkeypatch.context() as patch:
            patch.setattr(tracking, "SECONDS", 0.5)
            record()
    assert end() == "FINISHED"
    assert "no answer within 0.5 s" in caplog.text
    assert main.main(["tracking", "sync"]) == 2  # nobody listens there any more
    told = capsys.readouterr().err
    assert "refused" in told or "reset" in told
    file = Path("models/model/.runs/one.jsonl").read_text()
    assert "secret" not in caplog.text + told + file


def test_a_database_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlflow.store.db.utils._upgrade_db", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tracking.connect(f"sqlite:///{tmp_path}/mlflow.db")
    assert [file.name for file in tmp_path.iterdir()] == ["mlflow.db.lock"]


def test_a_run_that_is_sent_again_from_an_account_without_home_and_name_is_there_once(
    record: Record, experiment: str
) -> None:
    code = (
        "import os, pwd, sys\n"
        "def nobody(*_): raise KeyError('no such user')\n"
        "pwd.getpwuid = pwd.getpwnam = nobody\n"
        "from {{ cookiecutter.package_name }} import main, tracking\n"
        f"tracking.EXPERIMENT = {experiment!r}\n"
        "sys.exit(main.main(['tracking', 'sync']))"
    )
    file = record()
    before = everything(experiment)
    assert before[0]["figures"] == {"val_accuracy": [(1, 0.8), (2, 0.9)]}
    file.with_suffix(".sent").rename(file)  # as if MLflow's answer had been lost
    names = {"HOME", "USER", "LOGNAME", "LNAME", "USERNAME", "USERPROFILE"}
    bare = {name: value for name, value in os.environ.items() if name not in names}
    subprocess.run([sys.executable, "-c", code], env=bare, check=True)
    assert everything(experiment) == before


def test_no_other_command_imports_mlflow() -> None:
    code = (
        "import sys; from {{ cookiecutter.package_name }} import main; "
        "main.all_settings(); sys.exit('mlflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
