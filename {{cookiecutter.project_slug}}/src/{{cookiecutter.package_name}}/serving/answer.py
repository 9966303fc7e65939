"""An endpoint of a protocol as an ASGI application: reads, predicts, replies."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from .access import Keys
from .batching import INLINE_SECONDS, Batches
from .messages import Array, Endpoint, Feeds, Reply, Request, RequestError
from .model import Model, ServedModel
from .settings import ServeSettings

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

# Never refused for want of a key or of room: whoever looks after the server asks them.
HEALTH = {
    "open_inference_server_live",
    "open_inference_server_ready",
    "torchserve_ping",
}
# Those that say no while the server drains.
READINESS = {"open_inference_server_ready", "open_inference_model_ready"}
# More would only wait for each other: for the processors, and Python's lock.
LARGE_AT_ONCE = 2
RETRY_LATER = {429, 503}


@dataclass(slots=True)
class Exchange:
    """One request on its way through the server, and what was predicted for it."""

    id: str
    headers: Mapping[str, str]
    held: int = 0  # bytes of its body, if that is large
    model: Model | None = None
    feeds: Feeds | None = None
    outputs: Array | None = None


class Worker:
    """What the requests of one process share.

    Attributes:
        in_hand: How many have arrived as a whole and wait for their answer. One whose
            body is still coming, or whose answer nobody reads, takes no place.
        held: The bytes of large bodies; small ones always find room.
        draining: Whether the server is about to end, and not ready any more.
    """

    def __init__(self, settings: ServeSettings, served: ServedModel) -> None:
        """Prepare.

        Raises:
            ConfigError: If the keys cannot be read.
        """
        self.settings, self.served, self.keys = settings, served, Keys(settings)
        self.batches = Batches(settings.max_batch_rows)
        self.threads = ThreadPoolExecutor(LARGE_AT_ONCE, thread_name_prefix="large")
        self.in_hand = self.held = 0
        self.draining = False

    async def run(
        self, in_thread: bool, function: Callable[..., Result], *given: Any
    ) -> Result:
        """Call a function, in a thread if others would have to wait for it."""
        if not in_thread:
            return function(*given)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, function, *given)

    async def read_body(self, receive: Receive, exchange: Exchange) -> bytes:
        """Read a request's body to the end.

        Raises:
            RequestError: If it is too long (413), too slow (408), or there is no room
                for it (503).
            ClientDisconnect: If it ends too soon.
        """
        settings, declared = self.settings, exchange.headers.get("content-length", "")
        length = int(declared) if declared.isdecimal() else 0
        # What follows is read and forgotten, so that the client can finish.
        require_length(length, settings.max_body_bytes)
        parts: list[bytes] = []
        length = 0
        try:
            async with asyncio.timeout(settings.read_seconds):
                while (message := await receive())["type"] == "http.request":
                    parts.append(message.get("body", b""))
                    length += len(parts[-1])
                    require_length(length, settings.max_body_bytes)
                    self.hold(exchange, length)
                    if not message.get("more_body"):
                        return b"".join(parts)
        except TimeoutError:
            seconds = f"{settings.read_seconds:g} s"
            message = f"the body did not arrive within {seconds}"
            raise RequestError(408, message) from None
        raise ClientDisconnect

    def hold(self, exchange: Exchange, length: int) -> None:
        """Find room for so much of a large body, or raise RequestError."""
        if length <= self.settings.large_body_bytes:
            return
        self.held += length - exchange.held
        exchange.held = length
        if self.held > self.settings.max_bodies_bytes:
            raise RequestError(503, "there are too many large bodies; try again")


def require_length(length: int, most: int) -> None:
    """Raise RequestError for a body that is too long."""
    if length > most:
        raise RequestError(413, f"the body is longer than {most:,} bytes")


class Answer:
    """Answers the requests for one endpoint."""

    def __init__(self, endpoint: Endpoint, worker: Worker) -> None:
        """Answer by an endpoint, in a worker."""
        self.endpoint = endpoint
        self.worker = worker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens on the way."""
        exchange: Exchange = scope["exchange"]
        try:
            reply = await self.reply(scope, receive, exchange)
        except RequestError as error:
            # Its traceback, and that of its cause, would keep the body.
            error.__traceback__ = error.__context__ = None
            reply = refusal(self.endpoint.refuse, error)
        except ClientDisconnect:
            logger.debug("request %s: the client has gone", exchange.id)
            return
        except Exception:
            logger.exception("request %s failed", exchange.id)
            error = RequestError(500, f"internal error, logged as {exchange.id}")
            reply = refusal(self.endpoint.refuse, error)
        finally:
            self.worker.held -= exchange.held
        await send_reply(send, reply)

    async def reply(self, scope: Scope, receive: Receive, exchange: Exchange) -> Reply:
        """Return the answer to a request, or raise RequestError."""
        worker, name = self.worker, self.endpoint.name
        if worker.draining and name in READINESS:
            raise RequestError(503, "the server is shutting down")
        request = Request(scope["path_params"], exchange.headers)
        if name in HEALTH:
            return await self.answer(request, exchange)
        worker.keys.check(exchange.headers)
        if scope["method"] not in ("GET", "HEAD"):
            request.body = await worker.read_body(receive, exchange)
        if worker.in_hand >= worker.settings.max_concurrency:
            raise RequestError(503, f"{worker.in_hand} requests are in hand; try again")
        worker.in_hand += 1
        try:
            async with asyncio.timeout(worker.settings.answer_seconds):
                return await self.answer(request, exchange)
        except TimeoutError:
            # A thread that has begun goes on to its end; one that has not is not begun.
            seconds = f"{worker.settings.answer_seconds:g} s"
            message = f"no answer within {seconds}; try again, or send fewer rows"
            raise RequestError(503, message) from None
        finally:
            worker.in_hand -= 1

    async def answer(self, request: Request, exchange: Exchange) -> Reply:
        """Return the answer to a request that has arrived."""
        worker, settings, endpoint = self.worker, self.worker.settings, self.endpoint
        path = request.path
        model = worker.served.get(path.get("name"), path.get("version"))
        if endpoint.handler is not None:
            return endpoint.handler(model, request)
        assert endpoint.read is not None, f"{endpoint.name} neither handles nor reads"
        large = len(request.body) > settings.large_body_bytes
        feeds, write = await worker.run(large, endpoint.read, model, request)
        rows = len(next(iter(feeds.values())))
        if rows > settings.max_rows:
            message = f"has {rows} rows; at most {settings.max_rows} are allowed at once"
            raise RequestError(413, message, "body")
        if rows <= settings.max_batch_rows:
            outputs = await worker.batches.predict(model, feeds, rows)
        else:
            # Beside the batches, which must not wait for so many rows of one request.
            slow = model.seconds * rows >= INLINE_SECONDS
            outputs = await worker.run(slow, model.predict, feeds)
        if not np.isfinite(outputs).all():
            row = int(np.argwhere(~np.isfinite(outputs))[0][0])
            message = f"row {row} is so unusual that the model has no finite answer"
            raise RequestError(422, message, "body")
        exchange.model, exchange.feeds, exchange.outputs = model, feeds, outputs
        return await worker.run(large, write, outputs)


def refusal(refuse: Callable[[RequestError], Reply], error: RequestError) -> Reply:
    """Write an error, with the headers that go with its status."""
    reply, more = refuse(error), {}
    if error.status in RETRY_LATER:
        more["retry-after"] = "1"
    if error.status == 401:
        more["www-authenticate"] = "Bearer"
    if error.status == 408:
        more["connection"] = "close"  # the rest may never come
    return Reply(reply.body, reply.status, {**reply.headers, **more})


async def send_reply(send: Send, reply: Reply) -> None:
    """Send a reply."""
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in reply.headers.items()
    ]
    if reply.status != 204:  # has no content to have a length
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send(
        {"type": "http.response.start", "status": reply.status, "headers": headers}
    )
    await send({"type": "http.response.body", "body": reply.body})
