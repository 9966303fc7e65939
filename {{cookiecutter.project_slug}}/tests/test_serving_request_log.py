"""The request log: what is written, what is not, and that no request suffers."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from {{ cookiecutter.package_name }}.config import ConfigError
from {{ cookiecutter.package_name }}.serving import request_log
from {{ cookiecutter.package_name }}.serving.metrics import Metrics
from {{ cookiecutter.package_name }}.serving.request_log import RequestLog
from {{ cookiecutter.package_name }}.serving.settings import ServeSettings

from gates import BODY, PREDICT, OneModel, application, figures
from graphs import expected

FEEDS = {
    "number": np.array([[1.5], [np.nan]], dtype=np.float32),
    "text": np.array([["a"], ["(missing)"]], dtype=object),
    "person": np.array([["x"], ["y"]], dtype=object),
    "image": np.arange(8, dtype=np.float32).reshape(2, 2, 2),
}
OUTPUTS = np.array([[0.25, 0.75], [1, 0]], dtype=np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "new" / "requests"


@contextmanager
def logging_to(folder: Path, **options: Any) -> Iterator[tuple[RequestLog, Metrics]]:
    """Log requests, and write them at the end."""
    options = {f"request_log_{name}": value for name, value in options.items()}
    settings, metrics = ServeSettings(request_log=folder, **options), Metrics()
    log = RequestLog(settings, metrics, FEEDS)
    yield log, metrics
    log.end()


def lines(folder: Path) -> list[dict[str, Any]]:
    """Return all lines of a log."""
    return [
        orjson.loads(line)
        for file in sorted(folder.iterdir())
        for line in file.read_bytes().splitlines()
        if line
    ]


def counted(metrics: Metrics, result: str) -> float:
    """Return how many rows have come to a result."""
    labels = {"result": result}
    return metrics.registry.get_sample_value("request_log_rows_total", labels) or 0


def test_every_row_is_a_line_but_for_what_is_masked(folder: Path, model: Any) -> None:
    with logging_to(folder, mask=("person",)) as (log, metrics):
        log.add("first", model, FEEDS, OUTPUTS)
        log.add("second", model, FEEDS, OUTPUTS[:, 0])  # of a regression
    (file,) = folder.iterdir()
    assert file.name == f"{datetime.now(UTC):%Y-%m-%d}.jsonl"
    found = lines(folder)
    assert [(line["request_id"], line["row"]) for line in found] == [
        ("first", 0),
        ("first", 1),
        ("second", 0),
        ("second", 1),
    ]
    assert found[1].pop("time").endswith("Z")
    assert found[1] == {
        "request_id": "first",
        "model": "model",
        "version": 1,
        "row": 1,
        "inputs": {"number": None, "text": "(missing)", "image": [[4, 5], [6, 7]]},
        "outputs": [1, 0],
    }
    assert found[2]["outputs"] == [0.25]
    assert counted(metrics, "written") == 4


def test_no_more_is_kept_than_a_second_may_have(
    folder: Path, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([1.1, 1.2, 1.3, 2.0])
    with logging_to(folder, rows=3) as (log, _):
        with monkeypatch.context() as patch:
            patch.setattr(time, "monotonic", lambda: next(seconds))
            for name in ("0", "1", "full", "3"):
                log.add(name, model, FEEDS, OUTPUTS)
    kept = [(line["request_id"], line["row"]) for line in lines(folder)]
    assert kept == [("0", 0), ("0", 1), ("1", 0), ("3", 0), ("3", 1)]


def test_files_that_are_too_old_are_removed(folder: Path, model: Any) -> None:
    folder.mkdir(parents=True)
    days = [datetime.now(UTC) - timedelta(days) for days in (1, 2, 9)]
    for day in days:
        (folder / f"{day:%Y-%m-%d}.jsonl").touch()
    (folder / "notes.jsonl").touch()
    with logging_to(folder, days=2) as (log, _):
        log.add("first", model, FEEDS, OUTPUTS)
    names = {file.name for file in folder.iterdir()}
    today = datetime.now(UTC)
    kept = {f"{day:%Y-%m-%d}.jsonl" for day in (today, *days[:2])}
    assert names == {*kept, "notes.jsonl"}


def test_a_full_queue_drops_rows(
    folder: Path, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_log, "MOST_WAITING", 1)
    with logging_to(folder) as (log, metrics):
        disk = threading.Event()
        log.thread.submit(disk.wait)  # as if the disk stood still
        for number in range(3):
            log.add(str(number), model, FEEDS, OUTPUTS)
        assert counted(metrics, "dropped") == 4
        disk.set()
    assert counted(metrics, "written") == 2


def test_a_full_disk_loses_rows_but_no_later_ones(
    folder: Path, model: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    write = os.write
    with logging_to(folder) as (log, metrics):
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", lambda number, data: write(number, data[:9]))
            log.add("lost", model, FEEDS, OUTPUTS)
            while not counted(metrics, "failed"):
                time.sleep(0.001)
        log.add("kept", model, FEEDS, OUTPUTS)
    (file,) = folder.iterdir()
    torn, *whole = file.read_bytes().splitlines()
    assert len(torn) == 9
    assert [orjson.loads(line)["request_id"] for line in whole] == ["kept", "kept"]
    assert "the disk is full" in caplog.text


def test_a_log_that_cannot_be_is_refused_before_the_first_request(
    folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="no input b; it has image, number, "):
        RequestLog(
            ServeSettings(request_log=folder, request_log_mask=("b", "text")),
            Metrics(),
            FEEDS,
        )
    (tmp_path / "file").touch()
    settings = ServeSettings(request_log=tmp_path / "file")
    with pytest.raises(ConfigError, match="request_log: .*name another folder"):
        RequestLog(settings, Metrics(), FEEDS)


def test_the_server_logs_what_it_answers(tmp_path: Path) -> None:
    served, folder = OneModel(tmp_path), tmp_path / "requests"
    with application(served, request_log=folder) as client:
        answer = client.post(PREDICT, content=BODY)
        assert client.post(PREDICT, content=b"{}").status_code == 400
    found = lines(folder)
    assert {line["request_id"] for line in found} == {answer.headers["x-request-id"]}
    outputs = [line["outputs"] for line in found]
    np.testing.assert_allclose(outputs, expected(), rtol=1e-5)
    assert found[0]["inputs"].keys() == set(served.model.inputs.shapes)


def test_gauges_of_monitor_appear_with_its_report_and_follow_it(tmp_path: Path) -> None:
    served = OneModel(tmp_path)
    file = tmp_path / "reports/model/1/monitor/monitor.prom"
    name = 'model_monitor_alarm{version="1"}'
    with application(served, reports_dir=tmp_path / "reports") as client:
        assert name not in figures(client)
        file.parent.mkdir(parents=True)
        for alarm in (1.0, 0.0):
            file.write_text(f"{name} {alarm}\n")
            assert figures(client)[name] == alarm
