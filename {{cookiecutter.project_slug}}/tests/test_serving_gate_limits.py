"""The limits of the gate: of size, time and number."""

import threading
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from {{ cookiecutter.package_name }}.serving import app
from {{ cookiecutter.package_name }}.serving.messages import Reply, Request
from {{ cookiecutter.package_name }}.serving.model import Models
from {{ cookiecutter.package_name }}.serving.protocols import ENDPOINTS

from gates import (
    BODY,
    HEALTH,
    PREDICT,
    Connect,
    applications,
    ask,
    endpoint,
    gate,
    logged,
)


@pytest.fixture(name="connect")
def start_applications(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connect]:
    """Start applications with settings of a test's own."""
    with applications(project, monkeypatch) as start:
        yield start


def test_a_body_that_is_too_long_is_refused(connect: Connect) -> None:
    reply = connect(max_body_bytes=1024).post(PREDICT, content=b"[" * 1025)
    assert reply.status_code == 413
    assert "1,024 bytes" in reply.json()["error"]


def test_too_many_rows_are_refused(connect: Connect) -> None:
    reply = connect(max_rows=1).post(PREDICT, content=BODY)
    assert reply.status_code == 413
    assert "2 rows" in reply.json()["error"]


def test_a_slow_client_is_not_waited_for(connect: Connect) -> None:
    client = connect(read_seconds=0.05)
    start, body = ask(gate(client), [BODY[:10], BODY[10:]], pause=0.2)
    assert start["status"] == 408
    assert "within 0.05 s" in orjson.loads(body["body"])["error"]
    assert (b"connection", b"close") in start["headers"]


def test_a_client_that_goes_away_is_logged_and_not_answered(connect: Connect) -> None:
    client = connect()
    assert ask(gate(client), [BODY[:10]], ends=False) == []
    (line,) = logged(client)
    assert line["status"] == 499


def test_when_all_places_are_taken_only_health_is_answered(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def handler(models: Models, request: Request) -> Reply:
        begun.set()
        assert go_on.wait(20)
        return Reply(b"{}")

    monkeypatch.setattr(app, "ENDPOINTS", [*ENDPOINTS, endpoint(handler)])
    client = connect(max_concurrency=1, large_body_bytes=0)
    replies = []
    waiting = threading.Thread(
        target=lambda: replies.append(client.post("/test", content=b"long"))
    )
    waiting.start()
    assert begun.wait(20)
    refused = client.post(PREDICT, content=BODY)
    healthy = [client.get(path).status_code for path in HEALTH]
    go_on.set()
    waiting.join()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert healthy == [200, 200, 200]
    assert replies[0].status_code == 200
    assert client.post(PREDICT, content=BODY).status_code == 200


def test_an_answer_that_takes_too_long_is_given_up(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def handler(models: Models, request: Request) -> Reply:
        assert go_on.wait(20)
        return Reply(b"{}")

    monkeypatch.setattr(app, "ENDPOINTS", [endpoint(handler)])
    client = connect(answer_seconds=0.05, large_body_bytes=0)
    reply = client.post("/test", content=b"long")
    go_on.set()
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
    assert "within 0.05 s" in reply.json()["refused"]
