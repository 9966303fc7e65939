"""The server as an ASGI application: its routes, and what every request passes."""

import asyncio
import logging
import random
import re
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.requests import Request as Incoming
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import mlflow, open_inference, pages, seldon, tensorflow_serving, torchserve
from .answer import Answer, Worker
from .messages import Endpoint, Request, RequestError, refuse, reply_json
from .model import Model, ServedModel
#% if "monitor" in cookiecutter.__extras
from .request_log import monitored
#% endif
from .settings import ServeSettings

logger = logging.getLogger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
CLIENT_GONE = 499  # not in HTTP, but what nginx calls a client that has gone away
RELOAD_SECONDS = 1.0  # how often to look whether another version is promoted
FLUSH_SECONDS = 0.05  # with ten times as many lines at once, one request in 100 waits
LINE = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
LONGEST_PATH = 512  # of what the access log shows, and of those that are remembered
MOST_PATHS = 1024


class NameConvertor(StringConvertor):
    """The name of a model in a path; `name:predict` is none."""

    regex = "[^/:]+"


register_url_convertor("name", NameConvertor())


def alive(model: Model, request: Request) -> Response:
    """Say that the process answers."""
    return reply_json({"status": "alive"})


def ready(model: Model, request: Request) -> Response:
    """Say which model and version is served; 503 while the server ends."""
    content = {"ready": True, "model": model.name, "version": model.version}
    return reply_json(content)


ENDPOINTS = [
    *tensorflow_serving.ENDPOINTS,
    *open_inference.ENDPOINTS,
    *seldon.ENDPOINTS,
    *torchserve.ENDPOINTS,
    *mlflow.ENDPOINTS,
    Endpoint("GET", "/healthz", "healthz", refuse, alive, probe="alive"),
    Endpoint("GET", "/readyz", "readyz", refuse, ready, probe="ready"),
]


class Front:
    """What every request passes: identity, log, metrics, errors.

    Pure ASGI and of a few microseconds: what is done around a prediction must not cost
    more than the prediction itself.
    """

    def __init__(self, app: ASGIApp, worker: Worker) -> None:
        """Stand before an application."""
        self.app, self.worker = app, worker
        # Starlette tries one route after the other. What has answered 200 is found here
        # the next time: a fifth more requests in a second.
        self.known: dict[tuple[str, str], tuple[Route, dict[str, Any]]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens on the way."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), CLIENT_GONE
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        given = headers.get("x-request-id", "")
        kept = REQUEST_ID.fullmatch(given)
        name = given if kept else f"{random.getrandbits(128):032x}"
        scope["request"] = request = Request({}, headers, id=name)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", name.encode()))
                if self.worker.draining:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            if (known := self.known.get((scope["method"], scope["path"]))) is None:
                await self.app(scope, receive, answer)
            else:
                scope["route"], scope["path_params"] = known
                await known[0].app(scope, receive, answer)
        except ClientDisconnect:
            status = scope.get("status", status)
        except RequestError as error:
            # Its traceback, and that of its cause, would keep the body.
            error.__traceback__ = error.__context__ = None
            await refusal(scope, error)(scope, receive, answer)
        except Exception:
            logger.exception("request %s failed", name)
            if status == CLIENT_GONE:  # nothing was answered yet
                fault = RequestError(500, f"internal error, logged as {name}")
                await refusal(scope, fault)(scope, receive, answer)
        finally:
            self.record(scope, request, status, time.perf_counter() - began)

    def record(
        self, scope: Scope, request: Request, status: int, seconds: float
    ) -> None:
        """Count and log a request that is done."""
        worker, route, endpoint = self.worker, scope.get("route"), "unmatched"
        method, path = scope["method"], scope["path"][:LONGEST_PATH]
        if isinstance(route, Route):
            if status == 200 and len(self.known) < MOST_PATHS and path == scope["path"]:
                self.known[method, path] = route, scope["path_params"]
            endpoint, path = route.name, route.path_format
        worker.metrics.requests(endpoint, method, status).inc()
        worker.metrics.seconds(endpoint).observe(seconds)
        line: dict[str, object] = {
            "time": datetime.now(UTC),
            "id": request.id,
            "method": method,
            "path": path,
            "status": status,
            "ms": round(seconds * 1000, 3),
        }
        if request.predicted is not None:
            model, _, outputs = request.predicted
            line["rows"], line["version"] = len(outputs), model.version
            worker.metrics.count_predictions(endpoint, model, outputs)
            #% if "monitor" in cookiecutter.__extras
            if worker.requests is not None:
                worker.requests.add(request.id, *request.predicted)
            #% endif
        if worker.settings.access_log:
            worker.lines.append(orjson.dumps(line, option=LINE))


def refusal(scope: Scope, error: RequestError) -> Response:
    """Write an error as the client expects it, with the header for its status."""
    answer = getattr(scope.get("route"), "endpoint", None)
    write = answer.endpoint.refuse if isinstance(answer, Answer) else refuse
    response = write(error)
    more = {
        401: {"www-authenticate": "Bearer"},
        408: {"connection": "close"},  # the rest may never come
        503: {"retry-after": "1"},
    }
    response.headers.update(more.get(error.status, {}))
    return response


def create_app(settings: ServeSettings, served: ServedModel | None = None) -> Starlette:
    """Build the application of one worker.

    Args:
        settings: The settings.
        served: What to predict with; the version that the registry says if not given.

    Raises:
        ProjectError: If there is no version to serve, or it cannot be used.
        ConfigError: If a setting cannot be used.
    """
    served = served or ServedModel(settings.model_dir, settings.threads)
    worker = Worker(settings, served)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        reload = asyncio.create_task(every(RELOAD_SECONDS, refresh, worker))
        flush = asyncio.create_task(every(FLUSH_SECONDS, write_lines, worker.lines))
        yield
        reload.cancel()
        flush.cancel()
        #% if "monitor" in cookiecutter.__extras
        if worker.requests is not None:
            worker.requests.end()
        #% endif
        write_lines(worker.lines)

    middleware = [Middleware(Front, worker)]
    if settings.cors_origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=["x-request-id"],
        )
        middleware.insert(0, cors)
    app = Starlette(
        routes=routes(worker) + pages.routes(served, settings),
        middleware=middleware,
        exception_handlers={HTTPException: not_here},
        lifespan=lifespan,
    )
    app.state.worker = worker
    return app


def routes(worker: Worker) -> list[Route]:
    """Return the routes of the protocols, and that of Prometheus."""

    async def figures(incoming: Incoming) -> Response:
        text = worker.metrics.text(worker.served.get())
        #% if "monitor" in cookiecutter.__extras
        text += monitored(worker.served.get(), worker.settings.reports_dir)
        #% endif
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    found = [Route("/metrics", figures, name="metrics")]
    for each in ENDPOINTS:
        path = each.path.replace("{name}", "{name:name}")
        # For `Allow`, each route names all of its path.
        ways = [other.method for other in ENDPOINTS if other.path == each.path]
        found.append(Route(path, Answer(each, worker), methods=ways, name=each.name))
    return found


async def every(seconds: float, function: Callable[..., Any], *given: Any) -> None:
    """Call a function again and again, in a thread, also if it fails."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(function, *given)
        except Exception as error:
            logger.error("%s failed: %r", function.__qualname__, error)


def write_lines(lines: deque[bytes]) -> None:
    """Write the access log, to which requests add lines meanwhile.

    So no request waits for a pipe, and the lines of several workers do not mix. A
    process that is killed loses the last moment. (A logger of Python's takes a
    tenth of the time of a request.)
    """
    found = [lines.popleft() for _ in range(len(lines))]
    sys.stdout.write(b"".join(found).decode())
    sys.stdout.flush()


def refresh(worker: Worker) -> None:
    """Serve another version, if one is to be served."""
    served, count = worker.served, worker.metrics.reloads
    before = served.get().version
    try:
        changed = served.refresh()
    except Exception as error:  # whatever a damaged version brings
        count("failed").inc()
        logger.error("version %d is still served: %r", before, error)
        return
    if changed:
        count("ok").inc()
        logger.info("version %d is served, not %d", served.get().version, before)


async def not_here(incoming: Incoming, error: Any) -> Response:
    """Say in JSON that there is nothing at a path, or nothing for this method."""
    content = {"error": error.detail}
    return JSONResponse(content, error.status_code, headers=error.headers)
