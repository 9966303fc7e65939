"""What every request passes: identity, keys, limits, log, metrics, errors."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient
from starlette.types import Message

from {{ cookiecutter.package_name }}.serving import app, messages, tally
from {{ cookiecutter.package_name }}.serving.gate import Gate
from {{ cookiecutter.package_name }}.serving.messages import Reply, Request
from {{ cookiecutter.package_name }}.serving.model import Models
from {{ cookiecutter.package_name }}.serving.protocols import ENDPOINTS
from {{ cookiecutter.package_name }}.serving.settings import ServeSettings

from graphs import CLASSES, ROWS
from one_model import OneModel

PREDICT = "/v1/models/model:predict"
BODY = orjson.dumps({"instances": ROWS})
HEALTH = ["/healthz", "/readyz", "/metrics"]

Connect = Callable[..., TestClient]


@pytest.fixture
def connect(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connect]:
    """Start applications with settings of a test's own; `logged` returns the log."""
    # Nothing is logged while a test looks.
    monkeypatch.setattr(tally, "FLUSH_SECONDS", 3600)
    clients = []
    models = OneModel(tmp_path / "models")

    def start(**settings: Any) -> TestClient:
        values = {"access_log": "file", "log_dir": tmp_path / "logs", **settings}
        client = TestClient(app.create_app(ServeSettings(**values), models))
        clients.append(client)
        return client.__enter__()

    yield start
    for client in clients:
        client.__exit__(None, None, None)


def gate(client: TestClient) -> Gate:
    """Return the application that a client asks."""
    found = client.app
    assert isinstance(found, Gate)
    return found


def logged(client: TestClient) -> list[dict[str, Any]]:
    """Return the lines of the access log."""
    collected = gate(client).tally
    collected.settle()
    collected.log.flush()
    return list(map(orjson.loads, collected.log.path.read_bytes().splitlines()))


def endpoint(handler: Callable[[Models, Request], Reply]) -> messages.Endpoint:
    """Return an endpoint at /test that answers as the test wants."""

    def refuse(error: messages.RequestError) -> Reply:
        return Reply(orjson.dumps({"refused": error.message}), error.status)

    return messages.Endpoint("POST", "/test", handler, "test", refuse, "Test")


def ask(
    asked: Gate,
    parts: list[bytes],
    pause: float = 0,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    ends: bool = True,
) -> list[Message]:
    """Send a body in parts, with a pause before each, and return what is sent back.

    Args:
        asked: The application.
        parts: The body.
        pause: In seconds.
        headers: Of the request.
        ends: Whether the body ends; if not, the client goes away.
    """
    scope = {"type": "http", "method": "POST", "path": PREDICT, "headers": headers}
    sent: list[Message] = []
    messages: list[Message] = [
        {"type": "http.request", "body": part, "more_body": True} for part in parts
    ]
    if ends:
        messages[-1]["more_body"] = False
    messages.append({"type": "http.disconnect"})

    async def receive() -> Message:
        await asyncio.sleep(pause)
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(asked(scope | {"root_path": "", "query_string": b""}, receive, send))
    return sent


def test_a_prediction_carries_the_id_that_the_client_gave(connect: Connect) -> None:
    client = connect()
    reply = client.post(PREDICT, content=BODY, headers={"X-Request-ID": "order-7.a"})
    assert reply.status_code == 200 and len(reply.json()["predictions"]) == 2
    assert reply.headers["x-request-id"] == "order-7.a"


@pytest.mark.parametrize("given", ["", "a b", 'x"y', "a" * 129])
def test_another_id_is_made_for_one_that_is_not_well_formed(
    given: str, connect: Connect
) -> None:
    client = connect()
    made = {
        client.get("/healthz", headers={"X-Request-ID": given}).headers["x-request-id"]
        for _ in range(3)
    }
    assert len(made) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in made)


def test_health_is_told(connect: Connect) -> None:
    client = connect()
    assert client.get("/healthz").json() == {"status": "alive"}
    ready = {"ready": True, "model": "model", "version": 1}
    assert client.get("/readyz").json() == ready
    assert client.get("/v2/health/ready").status_code == 200


def test_head_and_options_are_answered(connect: Connect) -> None:
    client = connect()
    assert client.head("/healthz").status_code == 200
    options = client.options(PREDICT)
    assert (options.status_code, options.headers["allow"]) == (204, "POST, OPTIONS")
    assert client.options("/v1/models/model").headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("OPTIONS", "/nothing", 404),
        ("GET", "/" + "x" * 2000, 404),
        ("DELETE", "/healthz", 405),
        ("GET", PREDICT, 405),
        ("GET", "/v1/models/other", 404),
        ("POST", "/v1/models/other:predict", 404),
    ],
)
def test_what_is_not_there_is_said_in_json(
    method: str, path: str, status: int, connect: Connect
) -> None:
    reply = connect().request(method, path, content=BODY)
    assert reply.status_code == status
    assert reply.json()["error"]
    assert ("allow" in reply.headers) == (status == 405)


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


def test_an_error_inside_is_logged_and_not_shown(
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def handler(models: Models, request: Request) -> Reply:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(app, "ENDPOINTS", [endpoint(handler)])
    reply = connect().post("/test", headers={"X-Request-ID": "abc"})
    assert reply.status_code == 500
    assert reply.json() == {"refused": "internal error, logged as abc"}
    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert "abc" in record.getMessage() and "a secret" in str(record.exc_info)


def test_an_error_in_a_page_is_json_too(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect()
    monkeypatch.setattr(gate(client).tally.metrics, "registry", None)
    reply = client.get("/metrics", headers={"X-Request-ID": "abc"})
    assert reply.status_code == 500
    assert reply.json() == {"error": "internal error, logged as abc"}


def test_predictions_need_a_key_but_health_does_not(connect: Connect) -> None:
    client = connect(api_key=SecretStr("first"))
    refused = client.post(PREDICT, content=BODY)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert "missing" in refused.json()["error"]
    allowed = client.post(PREDICT, content=BODY, headers={"X-API-Key": "first"})
    assert allowed.status_code == 200
    assert [client.get(path).status_code for path in HEALTH] == [200, 200, 200]


def test_pages_need_a_key_when_they_are_not_open(connect: Connect) -> None:
    key = SecretStr("first")
    assert connect(api_key=key).get("/nothing").status_code == 404
    closed = connect(api_key=key, open_docs=False)
    assert closed.get("/nothing").status_code == 401


def test_a_draining_server_answers_but_is_not_ready(connect: Connect) -> None:
    client = connect()
    gate(client).draining = True
    reply = client.post(PREDICT, content=BODY)
    assert (reply.status_code, reply.headers["connection"]) == (200, "close")
    for path in ("/readyz", "/v2/health/ready"):
        assert client.get(path).status_code == 503
    assert client.get("/healthz").status_code == 200


def test_every_request_is_logged_in_one_line(connect: Connect) -> None:
    client = connect()
    client.post(PREDICT, content=BODY, headers={"X-Request-ID": "abc"})
    client.get("/nothing")
    predicted, missing = logged(client)
    assert predicted.pop("time").endswith("Z") and predicted.pop("ms") > 0
    assert predicted == {
        "id": "abc",
        "method": "POST",
        "path": "/v1/models/{name}:predict",
        "status": 200,
        "rows": 2,
        "version": 1,
    }
    assert (missing["path"], missing["status"]) == ("/nothing", 404)


def test_prometheus_is_told_what_was_asked_and_predicted(connect: Connect) -> None:
    client = connect()
    for _ in range(3):
        client.post(PREDICT, content=BODY)
    client.post(PREDICT, content=b"[")
    lines = client.get("/metrics").text.splitlines()
    figures = dict(line.rsplit(" ", 1) for line in lines if "_created" not in line)
    name = 'endpoint="tensorflow_serving_predict"'
    requests = "http_requests_total{" + f'{name},method="POST",status='
    assert figures[requests + '"200"}'] == "3.0"
    assert figures[requests + '"400"}'] == "1.0"
    assert figures["prediction_rows_sum{" + name + "}"] == "6.0"
    assert figures["http_request_seconds_count{" + name + "}"] == "4.0"
    assert figures['model_version{model="model"}'] == "1.0"
    assert figures["http_requests_in_flight"] == "1.0"
    counted = {key: value for key, value in figures.items() if "predicted=" in key}
    classes = {key.split('"')[1]: float(value) for key, value in counted.items()}
    assert set(classes) <= set(CLASSES)
    assert sum(classes.values()) == 6.0
