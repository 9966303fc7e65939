"""The server as an ASGI application: its routes, and what every request passes."""

import asyncio
import itertools
import logging
import re
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from importlib import import_module
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

from ..config import ProjectError
from . import pages
from .access import AccessLog, open_access_log
from .answer import Answer, Exchange, Worker, refusal, send_reply
from .messages import Endpoint, Reply, RequestError, reply_json
from .metrics import Metrics, forget_ended_workers
from .model import ServedModel
#% if "monitor" in cookiecutter.__extras
from .request_log import RequestLog
#% endif
from .settings import ServeSettings

logger = logging.getLogger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
CLIENT_GONE = 499  # not in HTTP, but what nginx calls a client that has gone away
FLUSH_SECONDS = 0.5
# What the log shows of a path that is none of the server's.
LONGEST_PATH = 512
MOST_PATHS = 1024

# Provisional, while protocols are being written: those that are there.
ENDPOINTS: list[Endpoint] = []
for _name in ("tensorflow_serving", "open_inference", "seldon", "torchserve", "mlflow"):
    with suppress(ImportError):
        ENDPOINTS += import_module(f".{_name}", __package__).ENDPOINTS


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
        log: logging.Logger,
        closed: frozenset[str],
    ) -> None:
        """Stand before an application; the paths of `closed` need a key."""
        self.app, self.worker, self.metrics, self.log = app, worker, metrics, log
        self.closed = closed
        # Random once, then counted: asking for randomness is a call of the system.
        self.prefix = secrets.token_hex(12)
        self.numbers = itertools.count()
        # Starlette tries one route after the other. What has answered 200 is found here
        # the next time: a fifth more requests in a second.
        self.known: dict[tuple[str, str], tuple[Route, dict[str, Any]]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens on the way."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        exchange = scope["exchange"] = Exchange(self.request_id(headers), headers)
        status = CLIENT_GONE

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", exchange.id.encode()),
                ]
                if self.worker.draining:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        self.metrics.in_flight.inc()
        known = self.known.get((scope["method"], scope["path"]))
        try:
            if scope["path"] in self.closed:
                self.worker.keys.check(headers)
            if known is None:
                await self.app(scope, receive, answer)
            else:
                scope["route"], scope["path_params"] = known
                await known[0].app(scope, receive, answer)
        except RequestError as error:
            await send_reply(answer, refusal(plain, error))
        except Exception:
            logger.exception("request %s failed", exchange.id)
            failure = RequestError(500, f"internal error, logged as {exchange.id}")
            if status == CLIENT_GONE:  # nothing was answered yet
                await send_reply(answer, refusal(plain, failure))
        finally:
            self.metrics.in_flight.dec()
            self.record(scope, status, time.perf_counter() - began)

    def request_id(self, headers: Mapping[str, str]) -> str:
        """Return what the client calls the request, or a name that nothing else has."""
        given = headers.get("x-request-id")
        if given is not None and REQUEST_ID.fullmatch(given):
            return given
        return f"{self.prefix}{next(self.numbers):08x}"

    def record(self, scope: Scope, status: int, seconds: float) -> None:
        """Log and count a request that is done."""
        exchange, route, endpoint = scope["exchange"], scope.get("route"), "unmatched"
        method, path = scope["method"], scope["path"]
        if isinstance(route, Route):
            if status == 200 and len(self.known) < MOST_PATHS and len(path) < LONGEST_PATH:
                self.known[method, path] = route, scope["path_params"]
            endpoint, path = route.name, route.path
        line: dict[str, object] = {
            "time": datetime.now(UTC),
            "id": exchange.id,
            "method": method,
            "path": path[:LONGEST_PATH],
            "status": status,
            "ms": round(seconds * 1000, 3),
        }
        self.metrics.requests(endpoint, method, status).inc()
        self.metrics.seconds(endpoint).observe(seconds)
        if exchange.outputs is not None:
            line |= {"rows": len(exchange.outputs), "version": exchange.model.version}
            self.metrics.count_predictions(endpoint, exchange.model, exchange.outputs)
            #% if "monitor" in cookiecutter.__extras
            if (requests := self.worker.requests) is not None:
                what = exchange.model, exchange.feeds, exchange.outputs
                requests.add(exchange.id, *what)
            #% endif
        self.log.info(orjson.dumps(line, option=orjson.OPT_UTC_Z).decode())


def create_app(settings: ServeSettings, served: ServedModel | None = None) -> Starlette:
    """Build the application of one worker.

    Args:
        settings: The settings.
        served: What to predict with; the version that the registry says if not given.

    Raises:
        RegistryError: If there is no version to serve, or it cannot be used.
        ConfigError: If the keys cannot be read.
    """
    served = served or ServedModel(
        settings.model_dir, settings.threads, settings.max_rows
    )
    worker, metrics = Worker(settings, served), Metrics()
    log, log_file = open_access_log(settings)
    model = served.get()
    metrics.version.labels(model.name).set(model.version)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        forget_ended_workers()
        tasks = [
            asyncio.create_task(keep_fresh(served, metrics, settings.reload_seconds)),
            asyncio.create_task(keep_flushing(log_file)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            worker.threads.shutdown(wait=False, cancel_futures=True)
            worker.batches.thread.shutdown(wait=False, cancel_futures=True)
            log_file.flush()

    for_people = pages.routes(ENDPOINTS, served, settings)
    closed = frozenset(() if settings.open_docs else (each.path for each in for_people))
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
    app = Starlette(
        routes=[
            *(
                Route(
                    endpoint.path,
                    Answer(endpoint, worker),
                    methods=[endpoint.method],
                    name=endpoint.name,
                )
                for endpoint in ENDPOINTS
            ),
            *health_routes(worker, metrics),
            *for_people,
        ],
        middleware=middleware,
        exception_handlers={HTTPException: not_here},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.worker = worker
    return app


def health_routes(worker: Worker, metrics: Metrics) -> list[Route]:
    """Return the routes for whoever looks after the server."""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(request: Request) -> Response:
        if worker.draining:
            raise RequestError(503, "the server is shutting down")
        model = worker.served.get()
        return JSONResponse(
            {"ready": True, "model": model.name, "version": model.version}
        )

    async def figures(request: Request) -> Response:
        headers = {"content-type": CONTENT_TYPE_LATEST}
        return Response(metrics.text(), headers=headers)

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", figures, name="metrics"),
    ]


async def keep_flushing(log_file: AccessLog) -> None:
    """Write the access log, again and again, in a thread."""
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        try:
            await asyncio.to_thread(log_file.flush)
        except OSError as error:
            # A full disk or a closed pipe: predictions go on without their lines.
            logger.error("the access log cannot be written: %s", error)


async def keep_fresh(served: ServedModel, metrics: Metrics, seconds: float) -> None:
    """Look for another version every so many seconds, in a thread."""
    while True:
        await asyncio.sleep(seconds)
        before = served.get().version
        try:
            changed = await asyncio.to_thread(served.refresh)
        except Exception as error:
            # Whatever a damaged version brings must not end the looking.
            metrics.reloads.labels("failed").inc()
            trace = not isinstance(error, ProjectError)
            message = "version %d is still served: %s"
            logger.error(message, before, error, exc_info=trace)
        else:
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
