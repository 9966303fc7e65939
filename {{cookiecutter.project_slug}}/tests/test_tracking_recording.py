"""What a command writes of its run, whether MLflow is there or not."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import main, recording
from {{ cookiecutter.package_name }}.recording import RecordSettings
from {{ cookiecutter.package_name }}.tracking import spool
from {{ cookiecutter.package_name }}.tracking.spool import EVENTS, LOG, Spool

from tracked import only_run


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


def test_no_other_command_imports_mlflow() -> None:
    code = [
        "import sys",
        "from {{ cookiecutter.package_name }} import commands, main",
        "sys.exit('mlflow' in sys.modules)",
    ]
    subprocess.run([sys.executable, "-c", "; ".join(code)], check=True)
