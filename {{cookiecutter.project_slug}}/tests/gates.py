"""Applications with one model, and what tests of them ask and look at."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message

from {{ cookiecutter.package_name }}.serving.answer import Worker
from {{ cookiecutter.package_name }}.serving.app import create_app
from {{ cookiecutter.package_name }}.serving.messages import (
    Endpoint,
    RequestError,
)
from {{ cookiecutter.package_name }}.serving.model import Model, ServedModel
from {{ cookiecutter.package_name }}.serving.settings import ServeSettings

import graphs

PREDICT = "/v1/models/model:predict"
BODY = orjson.dumps({"instances": graphs.ROWS})
HEALTH = ["/healthz", "/readyz", "/metrics", "/v2/health/live", "/ping"]


class OneModel(ServedModel):
    """There is one, "model", in one version."""

    def __init__(self, models_dir: Path, **options: Any) -> None:
        """Save and load it; the options are those of `graphs.save`."""
        graphs.save(models_dir / "model", **options)
        super().__init__(models_dir / "model")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model that is loaded once, which no test changes."""
    return OneModel(tmp_path_factory.mktemp("models")).model


@contextmanager
def application(served: ServedModel, **settings: Any) -> Iterator[TestClient]:
    """Start an application with settings of a test's own."""
    values = {"access_log": False, **settings}
    with TestClient(create_app(ServeSettings(**values), served)) as client:
        yield client


def worker(client: TestClient) -> Worker:
    """Return what the requests of an application share."""
    found = client.app.state.worker  # type: ignore[attr-defined]
    assert isinstance(found, Worker)
    return found


def figures(client: TestClient) -> dict[str, float]:
    """Return what Prometheus reads, by name and labels."""
    lines = [
        line.rsplit(" ", 1)
        for line in client.get("/metrics").text.splitlines()
        if not line.startswith("#")
    ]
    return {name: float(value) for name, value in lines}


def endpoint(**does: Any) -> Endpoint:
    """Return an endpoint at /test that answers as the test wants."""

    def refuse(error: RequestError) -> Response:
        return Response(orjson.dumps({"refused": str(error)}), error.status)

    return Endpoint("POST", "/test", "test", refuse, **does)


async def ask(
    app: ASGIApp,
    parts: Sequence[bytes] = (BODY,),
    pause: float = 0,
    ends: bool = True,
    path: str = PREDICT,
) -> list[Message]:
    """Send a body in parts, each after a pause; return what is sent back.

    Args:
        app: The application.
        parts: The body.
        pause: In seconds.
        ends: Whether the body ends; if not, the client goes away.
        path: Where it is sent.
    """
    scope = {"type": "http", "method": "POST", "path": path, "headers": []}
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

    await app({**scope, "root_path": "", "query_string": b""}, receive, send)
    return sent
