"""What every request passes: identity, keys, limits, log, errors."""

import asyncio
import gc
import gzip
import re
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import orjson
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from {{ cookiecutter.package_name }}.serving import answer, app
from {{ cookiecutter.package_name }}.serving.messages import (
    Request,
    RequestError,
)
from {{ cookiecutter.package_name }}.serving.metrics import Metrics
from {{ cookiecutter.package_name }}.serving.model import Model

from gates import BODY, HEALTH, PREDICT, OneModel, application, ask, endpoint, worker


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> OneModel:
    """A model that no test changes."""
    return OneModel(tmp_path_factory.mktemp("models"))


@pytest.fixture(name="client")
def start_application(served: OneModel) -> Iterator[TestClient]:
    """An application with the settings of a project."""
    with application(served) as started:
        yield started


def logged(client: TestClient, capsys: pytest.CaptureFixture[str]) -> list[Any]:
    """Return the new lines of the access log."""
    app.write_lines(worker(client).lines)
    return list(map(orjson.loads, capsys.readouterr().out.splitlines()))


def test_a_request_keeps_the_id_of_its_client(client: TestClient) -> None:
    reply = client.post(PREDICT, content=BODY, headers={"X-Request-ID": "order-7.a"})
    assert reply.status_code == 200 and len(reply.json()["predictions"]) == 2
    assert reply.headers["x-request-id"] == "order-7.a"
    made = {
        client.get("/healthz", headers={"X-Request-ID": bad}).headers["x-request-id"]
        for bad in ("", "a b", 'x"y', "a" * 129)
    }
    assert len(made) == 4
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in made)


def test_a_draining_server_answers_but_is_not_ready(client: TestClient) -> None:
    ready = {"ready": True, "model": "model", "version": 1}
    assert client.get("/readyz").json() == ready
    worker(client).draining = True
    for _ in range(2):  # found by Starlette, then remembered
        reply = client.post(PREDICT, content=BODY)
        assert (reply.status_code, reply.headers["connection"]) == (200, "close")
    for path in ("/readyz", "/v2/health/ready", "/v2/models/model/ready"):
        reply = client.get(path)
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
    assert client.get("/healthz").json() == {"status": "alive"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/healthz", 200),
        ("GET", "/nothing", 404),
        ("OPTIONS", "/nothing", 404),
        ("GET", "/" + "x" * 2000, 404),
        ("DELETE", "/healthz", 405),
        ("GET", PREDICT, 405),
        ("GET", "/invocations", 405),
        ("PUT", PREDICT, 405),
        ("PUT", "/predictions/model", 200),  # as `curl -T` does
        ("OPTIONS", PREDICT, 405),
        ("GET", "/v1/models/other", 404),
        ("POST", "/v1/models/other:predict", 404),
        ("POST", "/v1/models/model/versions/2:predict", 404),
        ("POST", "/v1/models/model/labels/production:predict", 200),
        ("POST", "/v1/models/model/labels/canary:predict", 404),
    ],
)
def test_what_is_there_and_what_is_not(
    method: str, path: str, status: int, client: TestClient
) -> None:
    reply = client.request(method, path, content=BODY)
    assert reply.status_code == status
    assert ("allow" in reply.headers) == (status == 405)
    assert status < 400 or reply.json()["error"]


@pytest.mark.parametrize("path", ["/test", "/metrics"])
def test_an_error_inside_is_logged_and_not_shown(
    path: str,
    served: OneModel,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(app, "ENDPOINTS", [endpoint(handler=fail)])
    monkeypatch.setattr(Metrics, "text", fail)
    with application(served) as client:
        method = "POST" if path == "/test" else "GET"
        reply = client.request(method, path, headers={"X-Request-ID": "abc"})
    assert reply.status_code == 500
    assert list(reply.json().values()) == ["internal error, logged as abc"]
    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert "abc" in record.getMessage() and "a secret" in str(record.exc_info)


def test_predictions_need_a_key_and_health_does_not(served: OneModel) -> None:
    with application(served, api_key=SecretStr("first")) as client:
        for key, status in ((None, 401), ("first", 200), (None, 401)):
            headers = {"X-API-Key": key} if key else {}
            reply = client.post(PREDICT, content=BODY, headers=headers)
            assert reply.status_code == status
        assert reply.headers["www-authenticate"] == "Bearer"
        assert [client.get(path).status_code for path in HEALTH] == [200] * 5
        assert client.get("/docs").status_code == 200
        assert client.get("/").json() == {"status": "alive"}  # KServe asks without one


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("x-api-key", "first", ""),
        ("x-api-key", "sécond", ""),
        ("authorization", "Bearer first", ""),
        ("authorization", "bearer third", ""),
        ("other", "first", "missing"),
        ("x-api-key", "", "missing"),
        ("x-api-key", "wrong", "not known"),
        ("authorization", "Basic first", "missing"),
        ("authorization", "Bearer firs", "not known"),
    ],
)
def test_any_of_the_keys_opens(
    name: str, value: str, problem: str, served: OneModel
) -> None:
    keys = SecretStr("first\nsécond\n\n third \n")
    with application(served, api_key=keys) as client:
        reply = client.post(PREDICT, content=BODY, headers={name: value.encode()})
    assert reply.status_code == (401 if problem else 200)
    assert problem in reply.text


def test_a_setting_without_a_key_does_not_open_the_server(served: OneModel) -> None:
    with application(served, api_key=SecretStr("\n \n")) as client:
        for key in ("", " "):
            headers = {"X-API-Key": key}
            assert client.post(PREDICT, content=BODY, headers=headers).is_client_error


def test_pages_of_other_origins_may_ask_if_they_are_named(served: OneModel) -> None:
    page = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    allowed = "access-control-allow-origin"
    with application(served) as client:
        assert allowed not in client.options(PREDICT, headers=page).headers
    with application(served, cors_origins=("https://shop.example",)) as client:
        for reply in (
            client.options(PREDICT, headers=page),
            client.post(PREDICT, content=BODY, headers={"origin": page["origin"]}),
        ):
            assert (reply.status_code, reply.headers[allowed]) == (200, page["origin"])
        other = {"origin": "https://other.example"}
        assert allowed not in client.post(PREDICT, content=BODY, headers=other).headers


def test_every_request_is_logged_in_one_line(
    served: OneModel,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(app, "FLUSH_SECONDS", 3600)
    monkeypatch.setattr(answer, "MOST_LINES", 3)
    with application(served, access_log=True) as client:
        client.post(PREDICT, content=BODY, headers={"X-Request-ID": "abc"})
        client.get("/" + "x" * 2000)
        assert asyncio.run(ask(client.app, [b"["], ends=False)) == []
        predicted, missing, gone = logged(client, capsys)
        assert predicted.pop("time").endswith("Z") and predicted.pop("ms") > 0
        assert predicted == {
            "id": "abc",
            "method": "POST",
            "path": "/v1/models/{name}:predict",
            "status": 200,
            "rows": 2,
            "version": 1,
        }
        assert (len(missing["path"]), missing["status"]) == (512, 404)
        assert gone["status"] == 499
        for _ in range(4):  # one more than there is room for
            client.get("/healthz")
        assert [line["path"] for line in logged(client, capsys)] == ["/healthz"] * 3


def test_a_log_that_cannot_be_written_costs_no_answer(
    served: OneModel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(text: str) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(app, "FLUSH_SECONDS", 0.01)
    with application(served, access_log=True) as client, monkeypatch.context() as patch:
        patch.setattr(sys.stdout, "write", fail)
        while caplog.text.count("write_lines failed: BrokenPipeError") < 2:
            assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("settings", "body", "status", "message"),
    [
        ({"max_body_bytes": 1024}, b"[" * 1025, 413, "1,024 bytes"),
        ({"max_rows": 1}, BODY, 413, "2 rows"),
        ({"max_bodies_bytes": 10}, BODY + b" " * 65_536, 503, "large bodies"),
        ({"max_bodies_bytes": 10}, BODY, 200, ""),  # a small one always finds room
        ({"max_batch_rows": 1}, BODY, 200, ""),  # so many rows of one are a batch
        ({}, BODY + b" " * 262_144, 200, ""),  # in a thread
    ],
)
def test_limits(
    settings: dict[str, Any], body: bytes, status: int, message: str, served: OneModel
) -> None:
    with application(served, **settings) as client:
        for _ in range(2):  # what was taken is given back
            reply = client.post(PREDICT, content=body)
            assert reply.status_code == status
            assert message in reply.text
        parts = asyncio.run(ask(client.app, [body[:5], body[5:]]))
        assert parts[0]["status"] == status
        assert (worker(client).held, worker(client).in_hand) == (0, 0)


def test_a_body_may_be_compressed(client: TestClient) -> None:
    headers = {"content-encoding": "gzip"}
    reply = client.post(PREDICT, content=gzip.compress(BODY), headers=headers)
    assert len(reply.json()["predictions"]) == 2


def test_a_slow_body_takes_no_place(served: OneModel) -> None:
    async def ask_both(client: TestClient) -> Any:
        slow = asyncio.create_task(ask(client.app, [BODY[:9], BODY[9:]], pause=0.2))
        await asyncio.sleep(0)
        return await ask(client.app), await slow

    with application(served, max_concurrency=1) as client:
        for start, _ in asyncio.run(ask_both(client)):
            assert start["status"] == 200


def test_an_answer_that_nobody_reads_takes_no_place(served: OneModel) -> None:
    async def stall(client: TestClient) -> int:
        waiting, going = asyncio.Event(), asyncio.Event()

        async def receive() -> Any:
            return {"type": "http.request", "body": BODY}

        async def send(message: Any) -> None:
            waiting.set()
            await going.wait()

        scope = {"type": "http", "method": "POST", "path": PREDICT, "headers": []}
        unread = asyncio.ensure_future(client.app({**scope}, receive, send))
        await waiting.wait()
        status: int = (await ask(client.app))[0]["status"]
        going.set()
        await unread
        return status

    with application(served, max_concurrency=1) as client:
        assert asyncio.run(stall(client)) == 200


class Stuck:
    """A model that waits, so that a test can look around meanwhile."""

    def __init__(self, served: OneModel, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make the model a slow one."""
        self.begun, self.going = threading.Event(), threading.Event()
        self.predict = served.model.predict
        monkeypatch.setattr(served.model, "seconds", 1.0)
        monkeypatch.setattr(served.model, "predict", self)

    def __call__(self, feeds: Any) -> Any:
        """Predict when the test says so."""
        self.begun.set()
        assert self.going.wait(20)
        return self.predict(feeds)


def test_a_slow_model_stops_neither_health_nor_who_has_had_enough(
    served: OneModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = Stuck(served, monkeypatch)
    replies = []
    with application(served, max_concurrency=1) as client:
        waiting = threading.Thread(
            target=lambda: replies.append(client.post(PREDICT, content=BODY))
        )
        waiting.start()
        assert stuck.begun.wait(20)
        refused = client.post(PREDICT, content=BODY)
        healthy = [client.get(path).status_code for path in HEALTH]
        stuck.going.set()
        waiting.join()
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert healthy == [200] * 5
        assert replies[0].status_code == 200
        assert client.post(PREDICT, content=BODY).status_code == 200


@pytest.mark.parametrize("most_rows", [256, 1])
def test_an_answer_that_takes_too_long_is_given_up(
    most_rows: int, served: OneModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = Stuck(served, monkeypatch)
    settings = {"answer_seconds": 0.05, "max_batch_rows": most_rows}
    with application(served, **settings) as client:
        reply = client.post(PREDICT, content=BODY)
        stuck.going.set()
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
    assert "within 0.05 s" in reply.json()["error"]


def test_a_row_without_a_finite_answer_is_named(
    served: OneModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = np.array([[0.5], [np.inf]])
    monkeypatch.setattr(served.model, "predict", lambda feeds: answer)
    with application(served) as client:
        reply = client.post(PREDICT, content=BODY)
    assert reply.status_code == 422
    assert "row 1 is so unusual" in reply.json()["error"]


@pytest.mark.parametrize("in_thread", [False, True])
def test_an_error_keeps_nothing_of_the_request(
    in_thread: bool, served: OneModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Callable[[], Any]] = []

    def read(model: Model, request: Request) -> Any:
        parsed = np.zeros(1000)
        kept.append(weakref.ref(parsed))
        try:
            raise ValueError("not as it should be")
        except ValueError:
            raise RequestError(400, "bad") from None

    monkeypatch.setattr(app, "ENDPOINTS", [endpoint(read=read)])
    body = b"[" * (300_000 if in_thread else 1)
    gc.disable()  # it would only hide what is kept until it comes
    try:
        with application(served) as client:
            assert client.post("/test", content=body).status_code == 400
            assert client.get("/").status_code == 200  # the thread is idle
            assert kept[0]() is None
    finally:
        gc.enable()
