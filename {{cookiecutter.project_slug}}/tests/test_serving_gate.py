"""What every request passes: identity, keys, log, metrics, errors."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from {{ cookiecutter.package_name }}.serving import app
from {{ cookiecutter.package_name }}.serving.messages import Reply, Request
from {{ cookiecutter.package_name }}.serving.model import Models

from gates import BODY, HEALTH, PREDICT, Connect, applications, endpoint, gate, logged
from graphs import CLASSES


@pytest.fixture(name="connect")
def start_applications(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connect]:
    """Start applications with settings of a test's own."""
    with applications(project, monkeypatch) as start:
        yield start


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
