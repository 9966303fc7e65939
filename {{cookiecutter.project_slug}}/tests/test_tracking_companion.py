"""The process beside a training that sends its run, and when it cannot."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from {{ cookiecutter.package_name }} import recording
from {{ cookiecutter.package_name }}.recording import RecordSettings
from {{ cookiecutter.package_name }}.tracking import companion, spool
from {{ cookiecutter.package_name }}.tracking.spool import LOG, Spool

from tracked import NOBODY, InThisProcess, only_run


def test_the_companion_is_a_process_that_sends_and_ends(
    record_settings: RecordSettings, mlflow_address: str, project: Path
) -> None:
    settings = record_settings.model_copy(
        update={"tracking_uri": mlflow_address, "tracking_seconds": 120.0}
    )
    with recording.recorded(settings, "train", "x", "0" * 64) as record:
        record.epoch(1, {"loss": 0.5})
    run = only_run(settings)
    output = (run.folder / companion.OUTPUT).read_text("utf-8")
    assert run.is_sent(mlflow_address), output
    assert run.read(spool.SYSTEM)


def test_the_companion_sends_while_the_training_goes_on(
    record_settings: RecordSettings,
    unsent: None,
    mlflow_address: str,
    mlflow_client: Any,
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
            assert run.sent(mlflow_address).events == 3
            over.set()

    monkeypatch.setattr(Sender, "send", fails_once)
    monkeypatch.setattr(companion, "PAUSE", 0.01)
    monkeypatch.setattr(companion, "AGAIN", 0.0)
    order = InThisProcess(record_settings, run).order._replace(uri=mlflow_address)
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


def test_the_companion_watches_for_the_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    over = threading.Event()
    ended: list[int] = []
    monkeypatch.setattr(sys, "stdin", (tmp_path / "empty").open("w+"))
    monkeypatch.setattr(os, "_exit", ended.append)
    companion.watch(0, over)
    assert over.is_set() and ended == [1]


def test_a_companion_that_takes_too_long_is_ended(
    record_settings: RecordSettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings = record_settings.model_copy(update={"tracking_seconds": 0.0})
    with recording.recorded(settings, "train", "x", "0" * 64):
        pass
    assert "0 s were not enough" in caplog.text
    assert f"{NOBODY} does not have all of this run" in caplog.text


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
