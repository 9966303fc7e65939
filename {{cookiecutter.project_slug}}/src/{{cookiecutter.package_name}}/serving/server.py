"""The command `serve`: the port, the processes and their signals.

One worker runs in this process; several are children of it, which uvicorn starts,
keeps alive and, on SIGHUP, replaces one after the other. They share a socket that this
process keeps open, so that no connection is lost while a worker is replaced.
"""

import asyncio
import logging
import multiprocessing
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from functools import partial
from logging.handlers import RotatingFileHandler
from math import ceil
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from ..config import set_up_logging
from .app import create_app, every
from .connections import Connection
from .metrics import FOLDER_VARIABLE
from .settings import ServeSettings

if sys.platform != "win32":
    import resource

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
LOOK_SECONDS = 10.0
# A worker that is still importing, or busy with a large batch, is not a dead one.
WORKER_SECONDS = 30
# A full disk under the files that workers count in would kill them: this is memory.
SHARED_MEMORY = Path("/dev/shm")


def serve(settings: ServeSettings) -> None:
    """Answer requests until a signal comes.

    Raises:
        ProjectError: If there is no model to serve, or it cannot be used; the message
            says what to run.
        ConfigError: If a setting cannot be used.
    """
    # Workers make their own; what is wrong is better said once, before there are any.
    app = create_app(settings)
    model = app.state.worker.served.get()
    logger.info("%s version %d is served", model.name, model.version)
    raise_file_limit()
    several = settings.workers > 1
    connection: Any = partial(Connection, patience=settings.read_seconds)
    config = uvicorn.Config(
        partial(in_child, settings) if several else partial(begin, app),
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # app.py writes one
        server_header=False,
        proxy_headers=False,  # nothing here asks for the client's address
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=ceil(settings.read_seconds + settings.answer_seconds),
        timeout_worker_healthcheck=WORKER_SECONDS,
    )
    with config.bind_socket() as listener:  # or uvicorn says why not, and exits
        listener.listen(config.backlog)  # who comes early waits for the first worker
        if several:
            del app, model  # and the memory that they take
            supervise(config, listener)
        else:
            # uvicorn raises a signal again when it has ended: that was asked for.
            with suppress(KeyboardInterrupt):
                uvicorn.Server(config).run(sockets=[listener])


def supervise(config: uvicorn.Config, listener: socket.socket) -> None:
    """Run several workers until a signal comes."""
    never_rotate()
    shared = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="metrics-", dir=shared) as folder:
        logger.info("workers count in %s, which must not fill up", folder)
        os.environ[FOLDER_VARIABLE] = folder
        Multiprocess(config, sockets=[listener]).run()


def in_child(settings: ServeSettings) -> Starlette:
    """Build the application for one worker of several, a process of its own.

    Its files may have gone since the first worker began. Then it ends after a while,
    and uvicorn starts another; those that still answer go on.
    """
    set_up_logging(settings)
    never_rotate()
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=end_after, args=[parent], daemon=True).start()
    try:
        return begin(create_app(settings))
    except Exception as error:
        logger.error("this worker cannot start, another will try: %s", error)
        time.sleep(RETRY_SECONDS)  # to begin takes a processor from those that answer
        sys.exit(1)  # not with the status by which uvicorn would end the others too


def end_after(parent: BaseProcess) -> None:
    """End this worker when its parent has ended: it would keep the port for ever."""
    parent.join()
    logger.error("the process that started this worker has gone; it ends too")
    shutil.rmtree(os.environ[FOLDER_VARIABLE], ignore_errors=True)
    os.kill(os.getpid(), signal.SIGTERM)


def begin(app: Starlette) -> Starlette:
    """Look after a worker from now on; uvicorn calls this in its event loop.

    Between SIGTERM and the end there are some seconds, in which the server is not ready
    any more, so that a load balancer looks elsewhere, and asks its clients to connect
    anew, but answers. A second SIGTERM ends it at once.
    """
    loop, worker = asyncio.get_running_loop(), app.state.worker
    end: Any = signal.getsignal(signal.SIGTERM)  # uvicorn's, which is in place already
    seconds = worker.settings.drain_seconds

    def drain(number: int, frame: FrameType | None) -> None:
        if worker.draining:
            end(number, frame)
        else:
            worker.draining = True
            loop.call_soon_threadsafe(loop.call_later, seconds, end, number, None)

    signal.signal(signal.SIGTERM, drain)
    app.state.looking = loop.create_task(every(LOOK_SECONDS, warn_of_files))
    return app


def raise_file_limit() -> None:
    """Allow as many open files, which connections are, as the system does."""
    if sys.platform != "win32":
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(ValueError, OSError):  # macOS says "any number", and means less
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def warn_of_files() -> None:
    """Warn when a tenth of the files that may be open is left."""
    if sys.platform != "win32":
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            number = os.dup(0)  # the lowest that is free
            os.close(number)
        except OSError:
            number = most
        if number >= 0.9 * most:
            how = "more connections need a larger `ulimit -n`"
            logger.warning("%d of %d files are open: %s", number, most, how)


def never_rotate() -> None:
    """Let the log file grow: of several processes none may move it from the others.

    Each of them appends whole lines. The next command that runs alone rotates it.
    """
    for handler in logging.getLogger().handlers:
        if isinstance(handler, RotatingFileHandler):
            handler.maxBytes = 0
