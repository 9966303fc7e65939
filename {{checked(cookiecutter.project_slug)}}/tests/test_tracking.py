"""Experiment tracking: what is written, what MLflow gets of it, and what goes wrong."""

import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from {{ cookiecutter.package_name }} import aliases, main, recording
from {{ cookiecutter.package_name }}.config import ENV_PREFIX
from {{ cookiecutter.package_name }}.recording import Recorder, RecordSettings
from {{ cookiecutter.package_name }}.tracking import command, companion, spool
from {{ cookiecutter.package_name }}.tracking.recorder import start_facts
from {{ cookiecutter.package_name }}.tracking.settings import TrackingSettings
from {{ cookiecutter.package_name }}.tracking.spool import EVENTS, LOG, Spool

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


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database of MLflow; making one takes seconds, so all tests share it."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}"


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


@pytest.fixture
def unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write runs only."""
    monkeypatch.setattr(companion, "start", lambda settings, run: None)


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


@pytest.fixture
def client(address: str) -> Any:
    """MLflow's own view of the database."""
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=address, registry_uri=address)


@pytest.fixture
def send(record_settings: RecordSettings, address: str) -> Callable[[], Any]:
    """Send everything of all runs of the model to the database, as `sync` does."""

    def send_all() -> Any:
        from {{ cookiecutter.package_name }}.tracking.sending import Sender

        sender = Sender(address, record_settings.experiment)
        model_dir = record_settings.models_dir / record_settings.model_name
        for run in spool.runs(model_dir):
            sender.send(run, over=True)
        sender.mirror_alias(model_dir)
        return sender

    return send_all


def test_a_training_is_a_run_with_everything_that_is_known_of_it(
    tracked: None, address: str, client: Any
) -> None:
    options = ["--quiet", "--epochs", "3", "--tracking-uri", address]
    assert main.main(["train", *options, "--experiment", "whole"]) == 0
    manifest = json.loads(Path("models/model/1/manifest.json").read_text("utf-8"))
    (run,) = spool.runs(Path("models/model"))
    found = facts(client, run, address)
    assert found["status"] == "FINISHED"
    assert found["parameters"]["seed"] == str(manifest["settings"]["seed"])
    assert found["tags"]["version"] == "1"
    assert found["data"] == [(manifest["dataset"], manifest["data_sha256"][:36])]
    assert found["artifacts"] == [LOG, "manifest.json"]
    for name, values in manifest["history"].items():
        assert found["figures"][name] == list(enumerate(values, start=1))
    assert found["figures"]["system/system_memory_usage_percentage"][0][1] > 0
    for name, value in manifest["metrics"].items():
        assert found["figures"][name][-1][1] == value
    (version,) = client.search_model_versions("name = 'whole-model'")
    assert version.run_id == run.sent(address).run_id
    assert version.tags["version"] == "1"
    assert run.is_sent(address)


def test_nothing_is_recorded_where_that_is_not_wanted(project: Path) -> None:
    assert main.main(["train", "--quiet", "--epochs", "3", "--no-tracking"]) == 0
    assert spool.runs(Path("models/model")) == []


def test_a_password_is_neither_in_a_manifest_nor_in_a_run(
    project: Path, unsent: None, capsys: pytest.CaptureFixture[str]
) -> None:
    # pragma: allowlist nextline secret
    address = "http://ada:open-sesame@127.0.0.1:9/x"
    options = ["--tracking", "--tracking-uri", address]
    assert main.main(["train", "--quiet", "--epochs", "3", *options]) == 0
    assert main.main(["tracking", "--tracking-uri", address]) == 0
    assert "http://***@127.0.0.1:9/x" in capsys.readouterr().out
    texts = [path.read_bytes() for path in project.rglob("*") if path.is_file()]
    assert len(texts) > 5 and not any(b"sesame" in text for text in texts)


@pytest.mark.parametrize("address", ["mlruns", "file:///tmp/runs", "http//host", ""])
def test_an_address_that_mlflow_cannot_use_is_refused(
    address: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["tracking", "--tracking-uri", address]) == 2
    assert "--tracking-uri" in capsys.readouterr().err


def test_each_figure_is_told_once(
    record_settings: RecordSettings, unsent: None
) -> None:
    for _ in range(2):  # the second time, as a resumed training does
        with recording.recorded(
            record_settings, "train", "digits", "0" * 64, "one"
        ) as record:
            record.history({"loss": [0.5, 0.25]})
            record.epoch(2, {"loss": 0.25})
            record.epoch(3, {"loss": 0.125})
    events = only_run(record_settings).read(EVENTS)
    told = [
        (event["step"], event["figures"])
        for event in events
        if event["kind"] == "metrics"
    ]
    assert told == [(1, {"loss": 0.5}), (2, {"loss": 0.25}), (3, {"loss": 0.125})]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, "FINISHED"),
        (ValueError("bad"), "FAILED"),
        (KeyboardInterrupt(), "KILLED"),
    ],
)
def test_how_a_run_ended_is_told(
    error: BaseException | None,
    status: str,
    record_settings: RecordSettings,
    unsent: None,
) -> None:
    try:
        with recording.recorded(record_settings, "train", "digits", "0" * 64):
            assert only_run(record_settings).status() == "RUNNING"
            if error:
                raise error
    except (ValueError, KeyboardInterrupt) as caught:
        assert caught is error
    assert only_run(record_settings).status() == status


def test_what_is_logged_is_in_the_run(
    record_settings: RecordSettings, unsent: None
) -> None:
    with recording.recorded(record_settings, "train", "digits", "0" * 64):
        logging.getLogger("somebody").warning("mind the gap")
    logging.getLogger("somebody").warning("too late")
    text = (only_run(record_settings).folder / LOG).read_text("utf-8")
    assert "somebody: mind the gap" in text and "too late" not in text


def test_a_full_disk_costs_the_record_and_not_the_training(
    record_settings: RecordSettings,
    unsent: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*arguments: object, **facts: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Spool, "append", full)
    with recording.recorded(record_settings, "train", "digits", "0" * 64) as record:
        record.epoch(1, {"loss": 0.5})
        record.epoch(2, {"loss": 0.25})
    warnings = [line for line in caplog.messages if "No space left" in line]
    assert len(warnings) == 1


def test_a_half_written_line_is_passed_over(tmp_path: Path) -> None:
    run = Spool(tmp_path / "run")
    run.append(EVENTS, "metrics", step=1, figures={"loss": 0.5})
    with (run.folder / EVENTS).open("ab") as file:
        file.write(b'{"kind": "metr')
    assert len(run.read(EVENTS)) == 1
    run.append(EVENTS, "end", status="FINISHED")
    assert [event["kind"] for event in run.read(EVENTS)] == [
        "metrics",
        "broken",
        "end",
    ]
    assert run.told() == {("loss", 1)}


def test_settings_are_texts_by_their_path() -> None:
    nested = {"seed": 1, "parameters": {"C": 0.5}, "target": None}
    assert spool.flat(nested) == {"seed": "1", "parameters.C": "0.5"}
    for address in ("sqlite:///a@b.db", "https://host:1"):
        assert spool.masked(address) == address
    assert (
        spool.masked("cannot reach https://a:b@c/d") == "cannot reach https://***@c/d"
    )


def test_what_was_sent_is_not_sent_again(
    record_settings: RecordSettings,
    unsent: None,
    save: Callable[[bool], Path],
    send: Callable[[], Any],
    client: Any,
    address: str,
) -> None:
    with recording.recorded(record_settings, "train", "digits", "0" * 64) as record:
        record.history({"val_accuracy": [0.8, 0.9]})
        record.version(save(True))
    run = only_run(record_settings)
    send()
    before = facts(client, run, address)
    send()
    assert facts(client, run, address) == before
    run.sent_file(address).unlink()  # as if the answers had been lost
    send()
    assert facts(client, run, address) == before
    name = f"{record_settings.experiment}-model"
    assert len(client.search_model_versions(f"name = '{name}'")) == 1
    experiment = client.get_experiment_by_name(record_settings.experiment)
    assert len(client.search_runs([experiment.experiment_id])) == 1


def test_trials_are_runs_within_the_run(
    record_settings: RecordSettings,
    unsent: None,
    send: Callable[[], Any],
    client: Any,
    address: str,
) -> None:
    with recording.recorded(record_settings, "tune", "wine", "0" * 64) as record:
        for number in range(3):
            record.trial(number, {"C": 0.1 * number}, 0.9)
    send()
    parent = only_run(record_settings).sent(address).run_id
    experiment = client.get_experiment_by_name(record_settings.experiment)
    children = client.search_runs(
        [experiment.experiment_id], f"tags.mlflow.parentRunId = '{parent}'"
    )
    assert sorted(run.data.params["C"] for run in children) == ["0.0", "0.1", "0.2"]
    assert {run.info.status for run in children} == {"FINISHED"}
    assert [run.data.metrics["score"] for run in children] == [0.9] * 3


def test_a_killed_training_is_marked_so_until_it_is_resumed(
    record_settings: RecordSettings,
    unsent: None,
    send: Callable[[], Any],
    client: Any,
    address: str,
) -> None:
    run = Spool(record_settings.models_dir / "model" / ".runs" / "one")
    killed = Recorder(run)
    killed.tell("start", **start_facts(record_settings, "train", "x", "0" * 64))
    killed.epoch(1, {"loss": 0.5})
    send()
    assert facts(client, run, address)["status"] == "KILLED"
    with recording.recorded(record_settings, "train", "x", "0" * 64, "one") as record:
        record.epoch(2, {"loss": 0.25})
    send()
    found = facts(client, run, address)
    assert found["status"] == "FINISHED"
    assert found["figures"]["loss"] == [(1, 0.5), (2, 0.25)]


def test_the_alias_follows_the_version_in_production(
    record_settings: RecordSettings,
    unsent: None,
    save: Callable[[bool], Path],
    model_dir: Path,
    send: Callable[[], Any],
    client: Any,
) -> None:
    for _ in range(2):
        with recording.recorded(record_settings, "train", "x", "0" * 64) as record:
            record.version(save(True))
    name = f"{record_settings.experiment}-model"
    send()
    assert client.get_registered_model(name).aliases == {}
    for version in (2, 1):
        aliases.promote(model_dir, version)
        send()
        found = client.get_model_version_by_alias(name, "production")
        assert found.tags["version"] == str(version)
    (model_dir / aliases.ALIASES).unlink()
    send()
    assert client.get_registered_model(name).aliases == {}


def test_a_server_that_is_down_costs_a_warning_and_sync_says_so(
    tracked: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in companion.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(command, "ENVIRONMENT", companion.ENVIRONMENT)
    address = ["--tracking-uri", NOBODY]
    assert main.main(["train", "--quiet", "--epochs", "3", *address]) == 0
    assert main.main(["tracking", "list", *address]) == 0
    assert "0 of " in capsys.readouterr().out
    assert main.main(["tracking", "sync", *address]) == 2
    error = capsys.readouterr().err
    assert f"{NOBODY} does not have all runs" in error and "refused" in error
    (run,) = spool.runs(Path("models/model"))
    assert run.sent(NOBODY).events == 0 and run.sent(NOBODY).problem


def test_sync_sends_what_is_missing_and_says_when_nothing_is(
    tracked: None,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(companion, "start", lambda settings, run: None)
        assert main.main(["train", "--quiet", "--epochs", "3"]) == 0
    (run,) = spool.runs(Path("models/model"))
    options = ["--tracking-uri", address, "--experiment", "synced"]
    with run.sending():
        assert main.main(["tracking", "sync", *options]) == 2
    assert "is being sent already" in capsys.readouterr().err
    assert main.main(["tracking", "sync", *options]) == 0
    assert f"sent:    {run.name}" in capsys.readouterr().out
    assert main.main(["tracking", "sync", *options]) == 0
    assert "has all runs" in capsys.readouterr().out
    assert main.main(["tracking", *options]) == 0
    assert "FINISHED  all of it" in capsys.readouterr().out


def test_without_mlflow_runs_are_kept_and_sync_says_what_to_install(
    record_settings: RecordSettings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    with recording.recorded(record_settings, "train", "x", "0" * 64):
        pass
    assert only_run(record_settings).status() == "FINISHED"
    assert "requirements/tracking.txt" in caplog.text
    for name in [name for name in sys.modules if name.endswith("tracking.sending")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    settings = TrackingSettings(
        config=record_settings.config,
        models_dir=record_settings.models_dir,
        action="sync",
    )
    with pytest.raises(ValueError, match="requirements/tracking.txt"):
        command.tracking(settings)


def test_the_companion_is_a_process_that_sends_and_ends(
    record_settings: RecordSettings, address: str, project: Path
) -> None:
    settings = record_settings.model_copy(
        update={"tracking_uri": address, "tracking_seconds": 120.0}
    )
    with recording.recorded(settings, "train", "x", "0" * 64) as record:
        record.epoch(1, {"loss": 0.5})
    run = only_run(settings)
    output = (run.folder / companion.OUTPUT).read_text("utf-8")
    assert run.is_sent(address), output
    assert run.read(spool.SYSTEM)


def test_a_companion_that_takes_too_long_is_ended(
    record_settings: RecordSettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings = record_settings.model_copy(update={"tracking_seconds": 0.0})
    with recording.recorded(settings, "train", "x", "0" * 64):
        pass
    assert "0 s were not enough" in caplog.text
    assert f"{NOBODY} does not have all of this run" in caplog.text


def test_the_companion_watches_for_the_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    over = threading.Event()
    ended: list[int] = []
    monkeypatch.setattr(sys, "stdin", (tmp_path / "empty").open("w+"))
    monkeypatch.setattr(os, "_exit", ended.append)
    companion.watch(0, over)
    assert over.is_set() and ended == [1]


def test_no_other_command_imports_mlflow() -> None:
    code = [
        "import sys",
        "from {{ cookiecutter.package_name }} import commands, main",
        "sys.exit('mlflow' in sys.modules)",
    ]
    subprocess.run([sys.executable, "-c", "; ".join(code)], check=True)


def test_a_promotion_is_sent_once_there_are_runs(
    tracked: None,
    address: str,
    client: Any,
    save: Callable[[bool], Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    options = ["--tracking-uri", address, "--experiment", "promoted"]
    settings = RecordSettings(tracking_uri=address, experiment="promoted")
    save(True)
    recording.promoted(settings)  # there is no run: MLflow is not even asked
    with recording.recorded(settings, "train", "x", "0" * 64) as record:
        record.version(save(True))
    assert main.main(["registry", "promote", "--quiet", *options]) == 0
    found = client.get_model_version_by_alias("promoted-model", "production")
    assert found.tags["version"] == "2"
    assert [line for line in caplog.records if line.levelno > logging.INFO] == []


def test_a_promotion_that_cannot_be_sent_is_a_warning(
    record_settings: RecordSettings,
    unsent: None,
    save: Callable[[bool], Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with recording.recorded(record_settings, "train", "x", "0" * 64) as record:
        record.version(save(True))
    for status in (1, 0):
        program = subprocess.Popen(
            [sys.executable, "-c", f"raise SystemExit({status})"]
        )
        sender = companion.Companion(program)
        monkeypatch.setattr(companion, "start", lambda settings, run, by=sender: by)
        recording.promoted(record_settings)
    assert caplog.text.count("`tracking sync` says so") == 1


def test_who_stops_a_training_does_not_wait_for_what_is_sent(
    record_settings: RecordSettings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    program = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    sender = companion.Companion(program)
    monkeypatch.setattr(companion, "start", lambda settings, run: sender)
    with (
        pytest.raises(KeyboardInterrupt),
        recording.recorded(record_settings, "train", "x", "0" * 64),
    ):
        raise KeyboardInterrupt
    assert program.wait(60) == 1  # it read the end of its input
    assert caplog.messages == []


def test_what_cannot_be_started_or_logged_is_a_warning(
    record_settings: RecordSettings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    run = Spool(record_settings.models_dir / "model" / ".runs" / "one")
    (run.folder / LOG).mkdir(parents=True)  # a folder where the log should be
    with recording.recorded(record_settings, "train", "x", "0" * 64, "one"):
        pass
    assert "nothing is sent to MLflow" in caplog.text
    assert "the log is not recorded" in caplog.text
    assert run.status() == "FINISHED"


def test_the_companion_sends_while_the_training_goes_on(
    record_settings: RecordSettings,
    unsent: None,
    address: str,
    client: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also, what fails once is tried again before the end."""
    over, attempts = threading.Event(), []
    from {{ cookiecutter.package_name }}.tracking.sending import Sender

    with recording.recorded(record_settings, "train", "x", "0" * 64) as record:
        record.epoch(1, {"loss": 0.5})
    run = only_run(record_settings)
    whole = Sender.send

    def fails_once(sender: Sender, run: Spool, over_: bool) -> None:
        attempts.append(over_)
        if len(attempts) == 1:
            raise ConnectionRefusedError("not yet")
        whole(sender, run, over_)
        if len(attempts) == 2:
            assert run.sent(address).events == 3
            over.set()

    monkeypatch.setattr(Sender, "send", fails_once)
    monkeypatch.setattr(companion, "PAUSE", 0.01)
    monkeypatch.setattr(companion, "AGAIN", 0.0)
    order = InThisProcess(record_settings, run).order._replace(uri=address)
    assert companion.follow(order, over)
    assert attempts == [False, False, True]


def test_the_companion_does_what_its_first_line_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    order = companion.Order(str(tmp_path), None, NOBODY, "x", 1e9)
    lines = io.StringIO(json.dumps(order) + "\n")
    asked: list[companion.Order] = []

    def follow(given: companion.Order, over: threading.Event) -> bool:
        asked.append(given)
        return False

    monkeypatch.setattr(sys, "stdin", lines)
    monkeypatch.setattr(companion, "follow", follow)
    monkeypatch.setattr(companion, "watch", lambda seconds, over: None)
    assert companion.main() == 1
    assert asked == [order]
