"""The server as an ASGI application: its routes, and what every request passes."""

import asyncio
import itertools
import logging
import re
import secrets
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import mlflow, open_inference, pages, seldon, tensorflow_serving, torchserve
from .answer import DRAINING, Answer, Exchange, Worker, refusal, send_reply
from .messages import Reply, RequestError, reply_json
#% if "monitor" in cookiecutter.__extras
from .metrics import Metrics, Watched, forget_ended_workers
#% else
from .metrics import Metrics, forget_ended_workers
#% endif
from .model import ServedModel
#% if "monitor" in cookiecutter.__extras
from .request_log import RequestLog
#% endif
from .settings import ServeSettings

logger = logging.getLogger(__name__)

ENDPOINTS = [
    *tensorflow_serving.ENDPOINTS,
    *open_inference.ENDPOINTS,
    *seldon.ENDPOINTS,
    *torchserve.ENDPOINTS,
    *mlflow.ENDPOINTS,
]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
CLIENT_GONE = 499  # not in HTTP, but what nginx calls a client that has gone away
FLUSH_SECONDS = 0.5
# Beyond these, some 20 MB, whatever reads the access log has stopped.
MOST_LINES = 100_000
LINE = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
LONGEST_PATH = 512  # of what the access log shows, and of those that are remembered
MOST_PATHS = 1024


class AccessLog:
    """Keeps the lines of the access log until they are written, twice a second.

    So no request waits for a disk or a pipe, and the lines of several workers do not
    mix. A process that is killed loses the last half second. (A logger of Python's
    takes a tenth of the time of a request.)
    """

    def __init__(self, settings: ServeSettings) -> None:
        """Write to a file, which may be moved away at any time; or to stdout."""
        self.is_on = settings.access_log != "off"
        in_file = settings.access_log == "file"
        self.path = settings.log_dir / "access.jsonl" if in_file else None
        self.lines: deque[dict[str, object]] = deque()

    def add(self, line: dict[str, object]) -> None:
        """Take a line, unless there are too many."""
        if self.is_on and len(self.lines) < MOST_LINES:
            self.lines.append(line)

    def flush(self) -> None:
        """Write what there is; requests add lines meanwhile."""
        lines = [self.lines.popleft() for _ in range(len(self.lines))]
        text = b"".join(orjson.dumps(line, option=LINE) for line in lines).decode()
        try:
            if self.path is None:
                sys.stdout.write(text)
                sys.stdout.flush()
            elif text:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(text)
        except OSError as error:
            # A full disk or a closed pipe: predictions go on without their lines.
            logger.error("the access log cannot be written: %s", error)


class Front:
    """What every request passes: identity, log, metrics, errors.

    Pure ASGI and of a few microseconds: what is done around a prediction must not cost
    more than the prediction itself.
    """

    def __init__(
        self,
        app: ASGIApp,
        worker: Worker,
        metrics: Metrics,
        log: AccessLog,
        closed: frozenset[str],
    ) -> None:
        """Stand before an application; the paths of `closed` need a key."""
        self.app, self.worker, self.closed = app, worker, closed
        self.metrics, self.log = metrics, log
        # Random once, then counted: asking for randomness is a call of the system.
        self.prefix, self.numbers = secrets.token_hex(12), itertools.count()
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
        exchange = scope["exchange"] = Exchange(self.request_id(headers), headers)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", exchange.id.encode()))
                if self.worker.draining:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        self.metrics.in_flight.inc()
        try:
            if scope["path"] in self.closed:
                self.worker.check_key(headers)
            if (known := self.known.get((scope["method"], scope["path"]))) is None:
                await self.app(scope, receive, answer)
            else:
                scope["route"], scope["path_params"] = known
                await known[0].app(scope, receive, answer)
        except RequestError as error:
            await send_reply(answer, refusal(plain, error))
        except Exception:
            logger.exception("request %s failed", exchange.id)
            if status == CLIENT_GONE:  # nothing was answered yet
                message = f"internal error, logged as {exchange.id}"
                await send_reply(answer, plain(RequestError(500, message)))
        finally:
            self.metrics.in_flight.dec()
            self.record(scope, status, time.perf_counter() - began)

    def request_id(self, headers: Mapping[str, str]) -> str:
        """Return what the client calls the request, or a name that nothing else has."""
        given = headers.get("x-request-id", "")
        well_formed = REQUEST_ID.fullmatch(given)
        return given if well_formed else f"{self.prefix}{next(self.numbers):08x}"

    def record(self, scope: Scope, status: int, seconds: float) -> None:
        """Count and log a request that is done."""
        exchange, route, endpoint = scope["exchange"], scope.get("route"), "unmatched"
        method, path = scope["method"], scope["path"][:LONGEST_PATH]
        if isinstance(route, Route):
            if status == 200 and len(self.known) < MOST_PATHS and path == scope["path"]:
                self.known[method, path] = route, scope["path_params"]
            endpoint, path = route.name, route.path
        line: dict[str, object] = {"time": datetime.now(UTC), "id": exchange.id}
        line |= {"method": method, "path": path, "status": status}
        line["ms"] = round(seconds * 1000, 3)
        self.metrics.requests(endpoint, method, status).inc()
        self.metrics.seconds(endpoint).observe(seconds)
        if (predicted := exchange.predicted) is not None:
            model, rows = predicted.model, len(predicted.outputs)
            line |= {"rows": rows, "version": model.version}
            self.metrics.count_predictions(endpoint, model, predicted.outputs)
            #% if "monitor" in cookiecutter.__extras
            if (requests := self.worker.requests) is not None:
                requests.add(exchange.id, *predicted)
            #% endif
        self.log.add(line)


def create_app(settings: ServeSettings, served: ServedModel | None = None) -> Starlette:
    """Build the application of one worker.

    Args:
        settings: The settings.
        served: What to predict with; the version that the registry says if not given.

    Raises:
        RegistryError: If there is no version to serve, or it cannot be used.
        ConfigError: If a setting cannot be used.
    """
    what = settings.model_dir, settings.threads, settings.max_rows
    worker = Worker(settings, served or ServedModel(*what))
    model, metrics = worker.served.get(), Metrics()
    metrics.version.labels(model.name).set(model.version)
    #% if "monitor" in cookiecutter.__extras
    metrics.others.register(Watched(worker.served, settings.reports_dir))
    if settings.request_log is not None:
        worker.requests = RequestLog(settings, metrics, model.inputs.shapes)
    #% endif
    log = AccessLog(settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        forget_ended_workers()
        fresh = keep_fresh(worker.served, metrics, settings.reload_seconds)
        tasks = [asyncio.create_task(each) for each in (fresh, keep_flushing(log))]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for threads in (worker.threads, worker.batches.thread):
            threads.shutdown(wait=False, cancel_futures=True)
        #% if "monitor" in cookiecutter.__extras
        if worker.requests is not None:
            worker.requests.end()
        #% endif
        log.flush()

    for_people = pages.routes(ENDPOINTS, worker.served, settings)
    # `/` needs no key: KServe asks there whether the server is alive.
    pages_of_people = {each.path for each in for_people} - {"/"}
    closed = frozenset(() if settings.open_docs else pages_of_people)
    middleware = [Middleware(Front, worker, metrics, log, closed)]
    if settings.cors_origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=["x-request-id"],
        )
        middleware.insert(0, cors)
    ways: dict[str, list[str]] = {}  # for `Allow`, each route names all of its path
    for each in ENDPOINTS:
        ways.setdefault(each.path, []).append(each.method)
    protocols = [
        Route(each.path, Answer(each, worker), methods=ways[each.path], name=each.name)
        for each in ENDPOINTS
    ]
    app = Starlette(
        routes=[*protocols, *health_routes(worker, metrics), *for_people],
        middleware=middleware,
        exception_handlers={HTTPException: not_here},
        lifespan=lifespan,
    )
    app.state.worker, app.state.log = worker, log
    return app


def health_routes(worker: Worker, metrics: Metrics) -> list[Route]:
    """Return the routes for whoever looks after the server."""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(request: Request) -> Response:
        if worker.draining:
            raise RequestError(503, DRAINING)
        model = worker.served.get()
        found = {"ready": True, "model": model.name, "version": model.version}
        return JSONResponse(found)

    async def figures(request: Request) -> Response:
        headers = {"content-type": CONTENT_TYPE_LATEST}
        return Response(metrics.text(), headers=headers)

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", figures, name="metrics"),
    ]


async def keep_flushing(log: AccessLog) -> None:
    """Write the access log, again and again, in a thread."""
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        await asyncio.to_thread(log.flush)


async def keep_fresh(served: ServedModel, metrics: Metrics, seconds: float) -> None:
    """Look for another version every so many seconds, in a thread."""
    while True:
        await asyncio.sleep(seconds)
        before = served.get().version
        try:
            changed = await asyncio.to_thread(served.refresh)
        except Exception as error:  # whatever a damaged version brings
            metrics.reloads.labels("failed").inc()
            logger.error("version %d is still served: %r", before, error)
            continue
        if changed:
            model = served.get()
            metrics.reloads.labels("ok").inc()
            metrics.version.labels(model.name).set(model.version)
            logger.info("version %d is served, not %d", model.version, before)


async def not_here(request: Request, error: Exception) -> Response:
    """Say in JSON that there is nothing at a path, or nothing for this method."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405 and request.method == "OPTIONS":
        return Response(status_code=204, headers=error.headers)
    content = {"error": error.detail}
    return JSONResponse(content, error.status_code, headers=error.headers)


def plain(error: RequestError) -> Reply:
    """Write an error of the server's own."""
    return reply_json({"error": str(error)}, error.status)
