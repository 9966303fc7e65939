"""An endpoint of a protocol as an ASGI application: reads, predicts, replies."""

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from .connections import ARRIVED
from .messages import Endpoint, Reply, Request, RequestError
from .model import Models


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take.

    Attributes:
        max_body_bytes: The longest body.
        max_rows: The most rows.
        large_body_bytes: Longer bodies are answered in a thread.
        read_seconds: How long the body may take to arrive.
        answer_seconds: How long a thread may take.
    """

    max_body_bytes: int
    max_rows: int
    large_body_bytes: int
    read_seconds: float
    answer_seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Answers the requests for one endpoint.

    Attributes:
        endpoint: The endpoint.
        models: What it predicts with.
        limits: What a request may take.
        threads: Where large requests are answered.
    """

    endpoint: Endpoint
    models: Models
    limits: Limits
    threads: Executor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the gate answers for a RequestError."""
        exchange = scope["exchange"]
        body = b""
        if scope["method"] not in ("GET", "HEAD"):
            declared = exchange.headers.get("content-length")
            arrived = ARRIVED in scope
            body = await read_body(receive, declared, self.limits, arrived)
        params, max_rows = scope["path_params"], self.limits.max_rows
        request = Request(params, exchange.headers, body, max_rows)
        if len(body) <= self.limits.large_body_bytes:
            # Sooner done than handed to a thread.
            reply = self.endpoint.handler(self.models, request)
        else:
            reply = await self.in_thread(request)
        exchange.reply = reply
        await send_reply(send, reply)

    async def in_thread(self, request: Request) -> Reply:
        """Answer in a thread, so that small requests and health need not wait."""
        job = asyncio.get_running_loop().run_in_executor(
            self.threads, self.endpoint.handler, self.models, request
        )
        try:
            return await asyncio.wait_for(job, self.limits.answer_seconds)
        except TimeoutError:
            # A thread that has begun goes on to its end; one that has not is not begun.
            raise RequestError(
                503,
                f"no answer within {self.limits.answer_seconds:g} s; "
                "try again, or send fewer rows",
            ) from None


async def read_body(
    receive: Receive, declared: str | None, limits: Limits, arrived: bool = False
) -> bytes:
    """Read a request's body to the end.

    Args:
        receive: Gives the next part.
        declared: The header Content-Length, if there is one.
        limits: How long it may be, and how long that may take.
        arrived: Whether it is known to be there, so that nothing has to be timed.

    Raises:
        RequestError: If it is too long (413) or too slow (408).
        ClientDisconnect: If it ends too soon.
    """
    most = limits.max_body_bytes
    if declared is not None and declared.isdecimal() and int(declared) > most:
        # The server reads and forgets what follows, so that the client can finish.
        raise too_long(most)
    if arrived:
        return await join_parts(receive, most)
    try:
        async with asyncio.timeout(limits.read_seconds):
            return await join_parts(receive, most)
    except TimeoutError:
        raise RequestError(
            408, f"the body did not arrive within {limits.read_seconds:g} s"
        ) from None


async def join_parts(receive: Receive, most: int) -> bytes:
    """Return a body of `most` bytes, or raise what `read_body` raises."""
    parts: list[bytes] = []
    length = 0
    while (message := await receive())["type"] == "http.request":
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > most:
            raise too_long(most)
        if not message.get("more_body"):
            return b"".join(parts)
    raise ClientDisconnect


def too_long(most: int) -> RequestError:
    """Return the error for a body that is too long."""
    return RequestError(413, f"the body is longer than {most:,} bytes")


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
