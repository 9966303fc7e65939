"""The command `tracking`: what it lists, sends and refuses."""

import sys
from importlib import util
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import main, recording
from {{ cookiecutter.package_name }}.recording import RecordSettings
from {{ cookiecutter.package_name }}.tracking import command, companion, spool
from {{ cookiecutter.package_name }}.tracking.settings import TrackingSettings

from tracked import NOBODY, only_run


@pytest.mark.parametrize("address", ["mlruns", "file:///tmp/runs", "http//host", ""])
def test_an_address_that_mlflow_cannot_use_is_refused(
    address: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["tracking", "--tracking-uri", address]) == 2
    assert "--tracking-uri" in capsys.readouterr().err


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
    mlflow_address: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(companion, "start", lambda settings, run: None)
        assert main.main(["train", "--quiet", "--epochs", "3"]) == 0
    (run,) = spool.runs(Path("models/model"))
    options = ["--tracking-uri", mlflow_address, "--experiment", "synced"]
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
