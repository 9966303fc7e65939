"""The server as an ASGI application: its routes, and what runs beside them."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import pages
from .access import AccessLog
from .answer import Answer, Limits
from .gate import Gate
from .keys import read_keys
from .metrics import CONTENT_TYPE, Metrics, forget_ended_workers
from .model import Models
from .protocols import ENDPOINTS
from .reload import ServedModel
from .request_log import open_log
from .settings import ServeSettings
from .tally import Tally
from .watched import Watched

# More would only wait for each other: for the processors, and Python's lock.
LARGE_AT_ONCE = 4


def create_app(settings: ServeSettings, models: Models | None = None) -> Gate:
    """Build the application of one worker.

    Args:
        settings: The settings.
        models: What to predict with; the version that the registry says if not given,
            and then another one when another one is promoted.

    Raises:
        RegistryError: If there is no version to serve, or it cannot be used.
        ConfigError: If the keys cannot be read.
    """
    keys = read_keys(settings.api_key, settings.api_key_file)
    metrics = Metrics()
    log = AccessLog(settings.access_log, settings.log_dir / "access.jsonl")
    tally = Tally(metrics, log)
    threads = ThreadPoolExecutor(LARGE_AT_ONCE, thread_name_prefix="large")
    limits = Limits(
        max_body_bytes=settings.max_body_bytes,
        max_rows=settings.max_rows,
        large_body_bytes=settings.large_body_bytes,
        read_seconds=settings.read_seconds,
        answer_seconds=settings.answer_seconds,
    )
    found = models or ServedModel(settings.model_dir, settings.threads)
    metrics.others.append(Watched(found, settings.reports_dir))
    requests = open_log(settings, metrics, found.get().inputs.shapes)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        forget_ended_workers()
        model = found.get()
        metrics.version.labels(model.name).set(model.version)
        tasks = [asyncio.create_task(tally.keep_settling())]
        if requests is not None:
            tasks.append(asyncio.create_task(requests.keep_flushing()))
        if isinstance(found, ServedModel):
            looking = found.keep_fresh(settings.reload_seconds, metrics)
            tasks.append(asyncio.create_task(looking))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            threads.shutdown(wait=False, cancel_futures=True)
            tally.settle()
            log.flush()
            if requests is not None:
                await asyncio.to_thread(requests.end)

    app = Starlette(
        routes=[
            *(
                Route(
                    endpoint.path,
                    Answer(endpoint, found, limits, threads),
                    methods=[endpoint.method],
                    name=endpoint.name,
                )
                for endpoint in ENDPOINTS
            ),
            *health_routes(found, tally),
            *pages.routes(found, settings),
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: as_json, Exception: as_json},
    )
    return Gate(
        app,
        tally,
        max_concurrency=settings.max_concurrency,
        keys=keys,
        open_docs=settings.open_docs,
        requests=requests,
    )


def health_routes(models: Models, tally: Tally) -> list[BaseRoute]:
    """Return the routes for whoever looks after the server."""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(request: Request) -> Response:
        model = models.get()
        return JSONResponse(
            {"ready": True, "model": model.name, "version": model.version}
        )

    async def figures(request: Request) -> Response:
        tally.settle()
        return Response(tally.metrics.text(), headers={"content-type": CONTENT_TYPE})

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", figures, name="metrics"),
    ]


async def as_json(request: Request, error: Exception) -> Response:
    """Write an error of a page as JSON, without what is inside the server."""
    if isinstance(error, HTTPException):
        content = {"error": error.detail}
        return JSONResponse(content, error.status_code, headers=error.headers)
    exchange = request.scope["exchange"]
    return JSONResponse({"error": f"internal error, logged as {exchange.id}"}, 500)
