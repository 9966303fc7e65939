"""An endpoint of a protocol as an ASGI application: reads, predicts, replies."""

import asyncio
import hmac
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .batching import INLINE_SECONDS, Batches
from .messages import LARGE_BODY, Endpoint, Request, RequestError
from .metrics import Metrics
from .model import Model, ServedModel
#% if "monitor" in cookiecutter.__extras
from .request_log import RequestLog
#% endif
from .rows import is_slow
from .settings import ServeSettings
from .values import unpacked

Result = TypeVar("Result")

# More would only wait for each other: for the processors, and Python's lock.
LARGE_AT_ONCE = 2
# Beyond these, some 20 MB, whatever reads the access log has stopped.
MOST_LINES = 100_000


class Worker:
    """What the requests of one process share.

    Attributes:
        in_hand: How many have arrived as a whole and wait for their answer. One whose
            body is still coming, or whose answer nobody reads, takes no place.
        held: The bytes of their bodies.
        lines: Of the access log, until they are written.
        draining: Whether the server is about to end, and not ready any more.
    """

    def __init__(self, settings: ServeSettings, served: ServedModel) -> None:
        """Prepare; a ConfigError says that a request log cannot be."""
        self.settings, self.served, self.keys = settings, served, settings.keys
        self.metrics = Metrics()
        self.batches = Batches(settings.max_batch_rows)
        self.threads = ThreadPoolExecutor(LARGE_AT_ONCE, thread_name_prefix="large")
        #% if "monitor" in cookiecutter.__extras
        self.requests: RequestLog | None = None
        if settings.request_log is not None:
            shapes = served.get().inputs.shapes
            self.requests = RequestLog(settings, self.metrics, shapes)
        #% endif
        self.lines: deque[bytes] = deque(maxlen=MOST_LINES)
        self.in_hand = self.held = 0
        self.draining = False

    def check_key(self, headers: Mapping[str, str]) -> None:
        """Raise RequestError if the headers, decoded as Latin-1, lack a key."""
        if self.keys is None:
            return
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        given = headers.get("x-api-key", bearer if scheme.lower() == "bearer" else "")
        attempt = given.strip().encode("latin-1")
        # All are compared, each in constant time: how long it takes tells nothing.
        known = [hmac.compare_digest(attempt, key) for key in self.keys]
        if not attempt or not any(known):
            problem = "is not known" if attempt else "is missing"
            ways = "`X-API-Key: KEY` or `Authorization: Bearer KEY`"
            raise RequestError(401, f"the key {problem}; send {ways}")

    async def run(
        self, slow: bool, function: Callable[..., Result], *given: object
    ) -> Result:
        """Call a function; a slow one in a thread, or TimeoutError.

        A thread that has begun goes on to its end; one that has not is not begun.
        """
        if not slow:  # nor is there anything to wait for
            return function(*given)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self.settings.answer_seconds):
            return await loop.run_in_executor(self.threads, function, *given)

    async def read_body(self, receive: Receive, request: Request) -> bytes:
        """Read a request's body to the end.

        Raises:
            RequestError: If it is too long (413), or there is no room for it (503).
                What follows is read and forgotten.
            ClientDisconnect: If it ends too soon.
        """
        parts, more = [], True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part = message.get("body", b"")
            more = message.get("more_body", False)
            parts.append(part)
            self.hold(request, len(part))
        return b"".join(parts)

    def hold(self, request: Request, more: int) -> None:
        """Take so many bytes more of a body, or raise RequestError."""
        request.held += more
        self.held += more
        if request.held > (most := self.settings.max_body_bytes):
            raise RequestError(413, f"is longer than {most:,} bytes", "body")
        if self.held > self.settings.max_bodies_bytes and request.held > LARGE_BODY:
            raise RequestError(503, "there are too many large bodies; try again")


@dataclass(frozen=True)
class Answer:
    """Answers the requests for one endpoint, in a worker."""

    endpoint: Endpoint
    worker: Worker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or raise RequestError."""
        request: Request = scope["request"]
        request.path = scope["path_params"]
        try:
            reply = await self.reply(scope, receive, request)
        finally:
            self.worker.held -= request.held
            request.body = b""  # whoever reads the answer may be slow
        await reply(scope, receive, send)

    async def reply(self, scope: Scope, receive: Receive, request: Request) -> Response:
        """Return the answer to a request, or raise RequestError."""
        worker, settings, endpoint = self.worker, self.worker.settings, self.endpoint
        if worker.draining and endpoint.probe == "ready":
            raise RequestError(503, "the server is shutting down")
        if not endpoint.probe:
            worker.check_key(request.headers)
        model = worker.served.get(**request.path)
        if endpoint.handler is not None:
            return endpoint.handler(model, request)
        request.body = await worker.read_body(receive, request)
        if worker.in_hand >= settings.max_concurrency:
            raise RequestError(503, f"{worker.in_hand} requests are in hand; try again")
        worker.in_hand += 1
        try:
            alone = len(scope.get("tasks", ())) == 1
            return await self.predict(model, request, alone)
        except TimeoutError:
            late = f"no answer within {settings.answer_seconds:g} s"
            message = f"{late}; try again, or send fewer rows"
            raise RequestError(503, message) from None
        finally:
            worker.in_hand -= 1

    async def predict(self, model: Model, request: Request, alone: bool) -> Response:
        """Return the answer to a request that is here; nobody else asks if `alone`."""
        worker, settings, endpoint = self.worker, self.worker.settings, self.endpoint
        assert endpoint.read is not None, f"{endpoint.name} neither handles nor reads"
        request.most_rows = settings.max_rows
        if "content-encoding" in request.headers:
            what = request.body, request.headers, settings.max_body_bytes
            request.body = await worker.run(True, unpacked, *what)
            worker.hold(request, len(request.body) - len(what[0]))
        large = is_slow(request.body)
        feeds, write = await worker.run(large, endpoint.read, model, request)
        rows = len(next(iter(feeds.values())))
        if rows > settings.max_rows:
            message = f"has {rows} rows; at most {settings.max_rows} are allowed"
            raise RequestError(413, message, "body")
        slow = model.seconds * rows >= INLINE_SECONDS
        if rows <= settings.max_batch_rows and (slow or not alone):
            limit = asyncio.timeout(settings.answer_seconds) if slow else nullcontext()
            async with limit:
                outputs = await worker.batches.predict(model, feeds, rows)
        else:  # batches must not wait for so many rows of one request
            outputs = await worker.run(slow, model.predict, feeds)
        if not np.isfinite(outputs).all():
            row = int(np.argwhere(~np.isfinite(outputs))[0][0])
            message = f"row {row} is so unusual that the model has no finite answer"
            raise RequestError(422, message, "body")
        request.predicted = model, feeds, outputs
        return await worker.run(large and rows > 1, write, outputs)
