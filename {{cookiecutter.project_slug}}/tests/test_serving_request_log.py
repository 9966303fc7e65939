"""The request log: what is written, what is not, and that no request suffers."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from {{ cookiecutter.package_name }}.config import ConfigError
from {{ cookiecutter.package_name }}.serving import request_log
from {{ cookiecutter.package_name }}.serving.app import create_app
from {{ cookiecutter.package_name }}.serving.messages import Reply
from {{ cookiecutter.package_name }}.serving.metrics import Metrics
from {{ cookiecutter.package_name }}.serving.request_log import RequestLog
from {{ cookiecutter.package_name }}.serving.settings import ServeSettings

from gates import OneModel
from graphs import ROWS, expected

FEEDS = {
    "number": np.array([[1.5], [np.nan]]),
    "text": np.array([["a"], ["(missing)"]], dtype=object),
    "person": np.array([["x"], ["y"]], dtype=object),
}
OUTPUTS = np.array([[0.25, 0.75], [1, 0]], dtype=np.float32)
REPLY = Reply(b"", version=3, rows=2, feeds=FEEDS, outputs=OUTPUTS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "new" / "requests.db"


def lines(path: Path) -> list[Any]:
    """Return all requests of a log."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute("select * from requests order by number").fetchall()


def counted(metrics: Metrics, result: str) -> float:
    """Return how many requests have come to a result."""
    labels = {"result": result}
    value = metrics.registry.get_sample_value("request_log_requests_total", labels)
    return value or 0.0


def test_what_was_asked_and_answered_is_written_but_for_what_is_masked(
    path: Path,
) -> None:
    metrics = Metrics()
    log = RequestLog(path, metrics, masked=["person"])
    log.flush()
    assert not path.exists()
    log.add("first", REPLY)
    log.add("health", Reply(b""))  # nothing was predicted
    log.flush()
    ((_, when, request, version, feeds, outputs),) = lines(path)
    assert (request, version) == ("first", 3) and when > 1e9
    assert json.loads(feeds) == {
        "number": [[1.5], [None]],
        "text": [["a"], ["(missing)"]],
    }
    assert json.loads(outputs) == OUTPUTS.tolist()
    assert counted(metrics, "written") == 1
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("pragma journal_mode").fetchone() == ("wal",)


def test_a_part_of_an_array_is_written_too(path: Path) -> None:
    log = RequestLog(path, Metrics())
    parts = np.arange(6.0).reshape(3, 2)[:, :1]
    log.add("x", Reply(b"", version=1, feeds={"x": parts}, outputs=parts))
    log.flush()
    assert json.loads(lines(path)[0][4]) == {"x": [[0.0], [2.0], [4.0]]}


def test_the_last_flush_waits_for_one_that_is_running(path: Path) -> None:
    log = RequestLog(path, Metrics())
    with ThreadPoolExecutor() as threads:
        with log.busy:
            log.add("first", REPLY)
            running = threads.submit(log.end)
            log.add("second", REPLY)
        running.result()
    log.end()
    assert log.database is None
    assert {line[2] for line in lines(path)} == {"first", "second"}


def test_chance_decides_which_requests_are_kept(path: Path) -> None:
    log = RequestLog(path, Metrics(), share=0.25)
    draws = iter([0.1, 0.3, 0.9, 0.24])
    log.chance = lambda: next(draws)
    for number in range(4):
        log.add(str(number), REPLY)
    log.flush()
    assert [line[2] for line in lines(path)] == ["0", "3"]


def test_no_more_rows_are_kept_than_a_second_may_have(path: Path) -> None:
    log = RequestLog(path, Metrics(), rows_per_second=10)
    large = np.arange(8.0)[:, None]
    for number in range(3):  # one is written to its third row, the last not at all
        reply = Reply(b"", version=1, feeds={"x": large}, outputs=large, rows=8)
        log.add(str(number), REPLY if number == 0 else reply)
    log.flush()
    log.add("later", reply)
    log.flush()
    kept = [(line[2], len(json.loads(line[5]))) for line in lines(path)]
    assert kept == [("0", 2), ("1", 3), ("later", 5)]
    assert json.loads(lines(path)[1][4]) == {"x": [[0.0], [1.0], [2.0]]}


def test_the_oldest_requests_give_way(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_log, "TIDY_SECONDS", 0.0)
    log = RequestLog(path, Metrics(), megabytes=0.2, days=1)
    log.add("old", REPLY)
    log.flush()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("update requests set time = time - 90000")
    large = np.random.default_rng(0).random((100, 10))
    for number in range(20):
        log.add(str(number), Reply(b"", version=1, feeds={"x": large}, outputs=large))
        log.flush()
    kept = [line[2] for line in lines(path)]
    assert kept == [str(number) for number in range(20 - len(kept), 20)]
    assert 2 <= len(kept) < 10
    with closing(sqlite3.connect(path)) as database:
        assert request_log.used_bytes(database) <= 0.2 * request_log.MEGABYTE


def test_a_full_queue_drops_requests_and_a_broken_file_loses_them(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    size = sum(each.nbytes for each in FEEDS.values())
    monkeypatch.setattr(request_log, "MOST_BYTES", 2 * size)
    metrics = Metrics()
    log = RequestLog(path, metrics)
    for number in range(5):
        log.add(str(number), REPLY)
    path.parent.mkdir()
    path.write_bytes(b"no database" * 100)
    log.flush()
    assert (counted(metrics, "dropped"), counted(metrics, "failed")) == (3, 2)
    assert "requests cannot be logged" in caplog.text
    for file in path.parent.iterdir():
        file.unlink()
    log.add("again", REPLY)
    log.flush()
    assert [line[2] for line in lines(path)] == ["again"]


def test_a_log_that_cannot_be_is_refused_before_the_first_request(
    project: Path, path: Path
) -> None:
    metrics = Metrics()
    assert request_log.open_log(ServeSettings(), metrics, ["a"]) is None
    masked = ServeSettings(request_log=path, request_log_mask=("b", "a"))
    with pytest.raises(ConfigError, match="no input b; it has a"):
        request_log.open_log(masked, metrics, ["a"])
    assert request_log.open_log(masked, metrics, ["a", "b"]) is not None
    with pytest.raises(ConfigError, match="cannot be written"):
        request_log.open_log(ServeSettings(request_log=project), metrics, [])


def test_the_server_logs_what_it_answers(project: Path, tmp_path: Path) -> None:
    models = OneModel(tmp_path / "served")
    path = tmp_path / "requests.db"
    settings = ServeSettings(access_log="off", request_log=path, request_log_share=1)
    with TestClient(create_app(settings, models)) as client:
        answer = client.post("/v1/models/model:predict", json={"instances": ROWS})
        assert answer.status_code == 200
        refused = client.post("/v1/models/model:predict", json={"instances": []})
        assert refused.status_code == 400
    ((_, _, request, version, feeds, outputs),) = lines(path)
    assert (request, version) == (answer.headers["x-request-id"], models.model.version)
    np.testing.assert_allclose(json.loads(outputs), expected(), rtol=1e-5)
    assert json.loads(feeds).keys() == set(models.model.inputs.shapes)
