"""The command `serve`: the port, the processes and their signals.

One worker runs in this process; several are children of it, which uvicorn starts,
keeps alive and, on SIGHUP, replaces one after the other. They share a socket that this
process keeps open, so that no connection is lost while a worker is replaced.
"""

import asyncio
import logging
import os
import signal
import socket
import tempfile
from contextlib import suppress
from functools import partial
from logging.handlers import RotatingFileHandler
from math import ceil
from types import FrameType
from typing import cast

import uvicorn
from starlette.applications import Starlette
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from ..config import ConfigError, ProjectError, set_up_logging
from .app import create_app
from .connections import Connection
from .metrics import FOLDER_VARIABLE
from .model import ServedModel
from .settings import ServeSettings

logger = logging.getLogger(__name__)

BACKLOG = 2048  # connections that may wait to be accepted
# A worker that is still importing, or busy with a large batch, is not a dead one.
WORKER_SECONDS = 30


def serve(settings: ServeSettings) -> None:
    """Answer requests until a signal comes.

    Raises:
        RegistryError: If there is no model to serve, or it cannot be used; the message
            says what to run.
        ConfigError: If the port cannot be had.
        ProjectError: If a worker cannot start.
    """
    # Workers load it too; what is wrong is better said once, before there are any.
    version = ServedModel(settings.model_dir).get().version
    listener = listen(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    logger.info(
        "%s version %d on http://%s:%d", settings.model_name, version, shown, port
    )
    connection = partial(Connection, head_seconds=settings.read_seconds)
    config = uvicorn.Config(
        partial(in_this_process if settings.workers == 1 else in_child, settings),
        factory=True,
        workers=settings.workers,
        http=cast(type[asyncio.Protocol], connection),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # tally.py and access.py write one
        server_header=False,
        proxy_headers=False,  # nothing here asks for the client's address
        backlog=BACKLOG,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=ceil(settings.read_seconds + settings.answer_seconds),
        timeout_worker_healthcheck=WORKER_SECONDS,
    )
    with listener:
        if settings.workers == 1:
            # uvicorn raises a signal again when it has ended: that was asked for.
            with suppress(KeyboardInterrupt):
                uvicorn.Server(config).run(sockets=[listener])
        else:
            supervise(config, listener)


def supervise(config: uvicorn.Config, listener: socket.socket) -> None:
    """Run several workers until a signal comes."""
    never_rotate()
    with tempfile.TemporaryDirectory(prefix="metrics-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        supervisor = Multiprocess(config, sockets=[listener])
        supervisor.run()
        del os.environ[FOLDER_VARIABLE]
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise ProjectError("a worker could not start; it said why")


def in_this_process(settings: ServeSettings) -> Starlette:
    """Build the application for the only worker."""
    return drained(create_app(settings), settings.drain_seconds)


def in_child(settings: ServeSettings) -> Starlette:
    """Build the application for one worker of several, a process of its own."""
    set_up_logging(settings)
    never_rotate()
    try:
        return drained(create_app(settings), settings.drain_seconds)
    except ProjectError as error:
        logger.error("%s", error)
        raise SystemExit(STARTUP_FAILURE) from error


def listen(host: str, port: int) -> socket.socket:
    """Open the socket that all workers accept connections from.

    Args:
        host: A name or an address, of IPv4 or IPv6; of several, the first one counts.
        port: 0 for a free one.

    Returns:
        The socket. On Linux and macOS it may follow at once on one that has ended.

    Raises:
        ConfigError: If the address is not one of this machine, or the port is taken.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        # Python appends the address, which this names already.
        reason = str(error.strerror).partition(" (while attempting")[0]
        raise ConfigError(
            f"{host}, port {port}: {reason}; choose others with --host, --port"
        ) from error


def drained(app: Starlette, seconds: float) -> Starlette:
    """Put some seconds between SIGTERM and the end.

    In these the server is not ready any more, so that a load balancer looks elsewhere,
    and asks its clients to connect anew, but answers. A second SIGTERM ends it at once.

    uvicorn builds the application in its event loop, when its handlers of signals are
    in place; this one comes before them.
    """
    loop, worker = asyncio.get_running_loop(), app.state.worker
    end = signal.getsignal(signal.SIGTERM)

    def drain(number: int, frame: FrameType | None) -> None:
        if callable(end) and worker.draining:
            end(number, frame)
        elif callable(end):
            worker.draining = True
            loop.call_soon_threadsafe(loop.call_later, seconds, end, number, None)

    signal.signal(signal.SIGTERM, drain)
    return app


def never_rotate() -> None:
    """Let the log file grow: of several processes none may move it from the others.

    Each of them appends whole lines. The next command that runs alone rotates it.
    """
    for handler in logging.getLogger().handlers:
        if isinstance(handler, RotatingFileHandler):
            handler.maxBytes = 0
