"""Applications with one model, and what tests of their gate ask and look at."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from {{ cookiecutter.package_name }}.serving import app, messages, tally
from {{ cookiecutter.package_name }}.serving.gate import Gate
from {{ cookiecutter.package_name }}.serving.messages import Reply, Request
from {{ cookiecutter.package_name }}.serving.model import Model, Models, load_model
from {{ cookiecutter.package_name }}.serving.settings import ServeSettings

import graphs

PREDICT = "/v1/models/model:predict"
BODY = orjson.dumps({"instances": graphs.ROWS})
HEALTH = ["/healthz", "/readyz", "/metrics"]

Connect = Callable[..., TestClient]


class OneModel:
    """There is one, "model", in one version."""

    def __init__(self, models_dir: Path, **options: Any) -> None:
        """Save and load it; the options are those of `graphs.save`."""
        graphs.save(models_dir / "model", **options)
        self.model = load_model(models_dir / "model", 1)

    def get(self, name: str | None = None, version: str | None = None) -> Model:
        """Return it, or say that there is no other."""
        if name not in (None, "model"):
            raise messages.RequestError(404, "unknown", "name")
        if version not in (None, "1"):
            raise messages.RequestError(404, "unknown", "version")
        return self.model


@contextmanager
def applications(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Start applications with settings of a test's own; `logged` returns the log."""
    # Nothing is logged while a test looks.
    monkeypatch.setattr(tally, "FLUSH_SECONDS", 3600)
    clients = []
    models = OneModel(folder / "models")

    def start(**settings: Any) -> TestClient:
        values = {"access_log": "file", "log_dir": folder / "logs", **settings}
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
