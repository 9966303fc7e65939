"""An endpoint of a protocol as an ASGI application: reads, predicts, replies."""

import asyncio
import hmac
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from ..config import ConfigError
from .batching import INLINE_SECONDS, Batches
from .connections import ARRIVED
from .messages import Array, Endpoint, Feeds, Reply, Request, RequestError
from .model import Model, ServedModel
#% if "monitor" in cookiecutter.__extras
from .request_log import RequestLog
#% endif
from .settings import ServeSettings
from .values import unpacked

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
DRAINING = "the server is shutting down"


class Predicted(NamedTuple):
    """What was predicted for a request, by what and from what."""

    model: Model
    feeds: Feeds
    outputs: Array


@dataclass(slots=True)
class Exchange:
    """One request on its way through the server, of which `held` bytes are here."""

    id: str
    headers: Mapping[str, str]
    held: int = 0
    alone: bool = False  # no other request is on its way
    predicted: Predicted | None = None


class Worker:
    """What the requests of one process share.

    Attributes:
        in_hand: How many have arrived as a whole and wait for their answer. One whose
            body is still coming, or whose answer nobody reads, takes no place.
        held: The bytes of large bodies; small ones always find room.
        draining: Whether the server is about to end, and not ready any more.
    """

    def __init__(self, settings: ServeSettings, served: ServedModel) -> None:
        """Prepare, or raise ConfigError if the keys cannot be read."""
        self.settings, self.served, self.keys = settings, served, read_keys(settings)
        self.batches = Batches(settings.max_batch_rows)
        self.threads = ThreadPoolExecutor(LARGE_AT_ONCE, thread_name_prefix="large")
        #% if "monitor" in cookiecutter.__extras
        self.requests: RequestLog | None = None
        #% endif
        self.in_hand = self.held = 0
        self.draining = False

    def check_key(self, headers: Mapping[str, str]) -> None:
        """Raise RequestError if the headers, decoded as Latin-1, lack a key."""
        if not self.keys:
            return
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        given = headers.get("x-api-key", bearer if scheme.lower() == "bearer" else "")
        attempt = given.strip().encode("latin-1")
        # All are compared, each in constant time: how long it takes tells nothing.
        if not any([hmac.compare_digest(attempt, key) for key in self.keys]):
            problem = "is not known" if attempt else "is missing"
            ways = "`X-API-Key: KEY` or `Authorization: Bearer KEY`"
            raise RequestError(401, f"the key {problem}; send {ways}")

    async def run(
        self, in_thread: bool, function: Callable[..., Result], *given: Any
    ) -> Result:
        """Call a function, in a thread if others would have to wait for it."""
        if not in_thread:
            return function(*given)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, function, *given)

    async def read_body(
        self, receive: Receive, exchange: Exchange, arrived: bool
    ) -> bytes:
        """Read a request's body to the end; not timed if it has arrived already.

        Raises:
            RequestError: If it is too long (413), too slow (408), or there is no room
                for it (503). What follows is read and forgotten.
            ClientDisconnect: If it ends too soon.
        """
        settings, most = self.settings, self.settings.max_body_bytes
        parts, length = [b""], int(exchange.headers.get("content-length", 0))
        try:
            async with asyncio.timeout(None if arrived else settings.read_seconds):
                while length <= most:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise ClientDisconnect
                    parts.append(message.get("body", b""))
                    self.hold(exchange, len(parts[-1]))
                    length = max(length, exchange.held)
                    if length <= most and not message.get("more_body"):
                        return b"".join(parts)
        except TimeoutError:
            slow = f"the body did not arrive within {settings.read_seconds:g} s"
            raise RequestError(408, slow) from None
        raise RequestError(413, f"is longer than {most:,} bytes", "body")

    def hold(self, exchange: Exchange, more: int) -> None:
        """Take so many bytes more of a body, or raise RequestError."""
        exchange.held += more
        self.held += more
        if (
            self.held > self.settings.max_bodies_bytes
            and exchange.held > self.settings.large_body_bytes
        ):
            raise RequestError(503, "there are too many large bodies; try again")


class Answer:
    """Answers the requests for one endpoint."""

    def __init__(self, endpoint: Endpoint, worker: Worker) -> None:
        """Answer by an endpoint, in a worker."""
        self.endpoint, self.worker = endpoint, worker

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
            return
        except Exception:
            logger.exception("request %s failed", exchange.id)
            message = f"internal error, logged as {exchange.id}"
            reply = refusal(self.endpoint.refuse, RequestError(500, message))
        finally:
            self.worker.held -= exchange.held
        await send_reply(send, reply)

    async def reply(self, scope: Scope, receive: Receive, exchange: Exchange) -> Reply:
        """Return the answer to a request, or raise RequestError."""
        worker, settings, name = self.worker, self.worker.settings, self.endpoint.name
        if worker.draining and name in READINESS:
            raise RequestError(503, DRAINING)
        path = scope["path_params"]
        request = Request(path, exchange.headers)
        if name not in HEALTH:
            worker.check_key(exchange.headers)
        model = worker.served.get(path.get("name"), path.get("version"))
        if name in HEALTH:
            return await self.answer(model, request, exchange)
        if scope["method"] not in ("GET", "HEAD"):
            arrived = ARRIVED in scope
            exchange.alone = arrived and len(scope[ARRIVED]) == 1
            request.body = await worker.read_body(receive, exchange, arrived)
        if worker.in_hand >= settings.max_concurrency:
            raise RequestError(503, f"{worker.in_hand} requests are in hand; try again")
        worker.in_hand += 1
        try:
            # Of those that no thread is needed for, none waits: a timer costs a tenth.
            quick = model.seconds < INLINE_SECONDS and not self.is_large(request)
            async with asyncio.timeout(None if quick else settings.answer_seconds):
                return await self.answer(model, request, exchange)
        except TimeoutError:
            # A thread that has begun goes on to its end; one that has not is not begun.
            late = f"no answer within {settings.answer_seconds:g} s"
            message = f"{late}; try again, or send fewer rows"
            raise RequestError(503, message) from None
        finally:
            worker.in_hand -= 1

    def is_large(self, request: Request) -> bool:
        """Whether to read a request in a thread."""
        most = self.worker.settings.large_body_bytes
        return len(request.body) > most or "content-encoding" in request.headers

    async def answer(self, model: Model, request: Request, exchange: Exchange) -> Reply:
        """Return the answer to a request that has arrived, or raise RequestError."""
        worker, settings, endpoint = self.worker, self.worker.settings, self.endpoint
        if endpoint.handler is not None:
            return endpoint.handler(model, request)
        assert endpoint.read is not None, f"{endpoint.name} neither handles nor reads"
        if "content-encoding" in request.headers:
            what = request.body, request.headers, settings.max_body_bytes
            request.body = await worker.run(True, unpacked, *what)
            worker.hold(exchange, len(request.body))
        large = self.is_large(request)
        feeds, write = await worker.run(large, endpoint.read, model, request)
        rows = len(next(iter(feeds.values())))
        if rows > settings.max_rows:
            message = f"has {rows} rows; at most {settings.max_rows} are allowed"
            raise RequestError(413, message, "body")
        slow = model.seconds * rows >= INLINE_SECONDS
        if exchange.alone and not slow:
            outputs = model.predict(feeds)
        elif rows <= settings.max_batch_rows:
            outputs = await worker.batches.predict(model, feeds, rows)
        else:  # beside the batches, which must not wait for so many rows of one request
            outputs = await worker.run(slow, model.predict, feeds)
        if not np.isfinite(outputs).all():
            row = int(np.argwhere(~np.isfinite(outputs))[0][0])
            message = f"row {row} is so unusual that the model has no finite answer"
            raise RequestError(422, message, "body")
        exchange.predicted = Predicted(model, feeds, outputs)
        return await worker.run(large, write, outputs)


def read_keys(settings: ServeSettings) -> list[bytes]:
    """Return the keys that requests must carry, any of them; none if none is set.

    Raises:
        ConfigError: If the file cannot be read, or holds none: a file that is still
            empty must not open the server to everybody.
    """
    key, file = settings.api_key, settings.api_key_file
    keys = [key.get_secret_value().encode()] if key else []
    if file is None:
        return keys
    try:
        found = [line.strip() for line in file.read_text("utf-8").split("\n")]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"api_key_file: {file} cannot be read: {error}") from error
    if not any(found):
        raise ConfigError(f"api_key_file: there is no key in {file}")
    return keys + [line.encode() for line in found if line]


def refusal(refuse: Callable[[RequestError], Reply], error: RequestError) -> Reply:
    """Write an error, with the header that goes with its status."""
    reply = refuse(error)
    more = {
        401: {"www-authenticate": "Bearer"},
        408: {"connection": "close"},  # the rest may never come
        503: {"retry-after": "1"},
    }.get(error.status, {})
    return Reply(reply.body, reply.status, {**reply.headers, **more})


async def send_reply(send: Send, reply: Reply) -> None:
    """Send a reply."""
    given = {**reply.headers, "content-length": str(len(reply.body))}
    headers = [(key.encode(), value.encode("latin-1")) for key, value in given.items()]
    start = {"type": "http.response.start", "status": reply.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": reply.body})
