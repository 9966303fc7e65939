"""What every request passes: identity, permission, limits, log, metrics, errors.

Pure ASGI, and of a few microseconds: predicting one image takes some ten of them, and
what a framework does around it must not cost more than the prediction itself.
"""

import itertools
import logging
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Route
from starlette.types import Message, Receive, Scope, Send

from .answer import Answer, send_reply
from .keys import Keys
from .messages import Reply, RequestError
from .request_log import RequestLog
from .tally import LONGEST_PATH, Done, Tally

logger = logging.getLogger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

# Never refused for want of a key or of room: whoever looks after the server asks them.
HEALTH = {
    "healthz",
    "readyz",
    "metrics",
    "open_inference_server_live",
    "open_inference_server_ready",
    "torchserve_ping",
}
# Those that say no while the server drains.
READINESS = {"readyz", "open_inference_server_ready", "open_inference_model_ready"}

# Not in HTTP, but what nginx calls a client that has gone away.
CLIENT_GONE = 499
RETRY_LATER = {429, 503}
NOTHING = Reply(b"")  # of a request that has no reply of a protocol


@dataclass(slots=True)
class Exchange:
    """One request on its way through the server.

    Attributes:
        id: What the client, the log and the answer call it.
        headers: Of the request, by lower-case name.
        reply: The answer of a protocol, for the log and the metrics.
    """

    id: str
    headers: Mapping[str, str]
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What there is at a path.

    Attributes:
        name: Of the endpoint, for the metrics.
        path: The path, its variable parts by name.
        here: Whether there is a route, for this method.
        answer: The endpoint, if it is one of a protocol.
        params: The variable parts of the path.
        allowed: The methods of the path, if this one is not among them.
    """

    name: str
    path: str
    here: bool = False
    answer: Answer | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()


class Gate:
    """An ASGI application around another one.

    Attributes:
        draining: Whether the server is about to end: it is not ready any more, and each
            answer asks the client to connect anew, to another worker.
    """

    def __init__(
        self,
        app: Starlette,
        tally: Tally,
        *,
        max_concurrency: int,
        keys: Keys | None = None,
        open_docs: bool = True,
        requests: RequestLog | None = None,
    ) -> None:
        """Stand before an application.

        Args:
            app: The application.
            tally: Where requests are counted and logged.
            max_concurrency: How many may be in hand, health excepted.
            keys: Requests must carry one of them, if they are given.
            open_docs: Whether that is for predictions alone.
            requests: Where what was asked and answered is kept, if anywhere.
        """
        self.app = app
        self.tally = tally
        self.max_concurrency = max_concurrency
        self.keys = keys
        self.open_docs = open_docs
        self.requests = requests
        self.draining = False
        # Random once, then counted: asking for randomness is a call of the system.
        self.prefix = secrets.token_hex(12)
        self.numbers = itertools.count()
        # Starlette tries one route after the other; most requests are for few paths.
        self.find = lru_cache(maxsize=1024)(self.look_up)

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
        exchange = Exchange(self.request_id(headers), headers)
        scope["exchange"] = exchange
        method, path = scope["method"], scope["path"]
        # Longer paths are not remembered, so that they cannot fill the memory.
        find = self.find if len(path) <= LONGEST_PATH else self.look_up
        found = find(method, path)
        status = CLIENT_GONE

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", exchange.id.encode()),
                ]
                if self.draining:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        self.tally.in_flight += 1
        try:
            try:
                self.check(found, headers)
                if found.answer is not None:
                    scope["path_params"] = found.params
                    await found.answer(scope, receive, answer)
                elif found.here:
                    await self.app(scope, receive, answer)
                else:
                    await send_reply(answer, self.no_route(method, found))
            except RequestError as error:
                await send_reply(answer, self.refusal(found, error))
            except ClientDisconnect:
                logger.debug("request %s: the client has gone", exchange.id)
            except Exception:
                logger.exception("request %s failed", exchange.id)
                if status == CLIENT_GONE:  # nothing was answered yet
                    failure = RequestError(
                        500, f"internal error, logged as {exchange.id}"
                    )
                    await send_reply(answer, self.refusal(found, failure))
        finally:
            self.tally.in_flight -= 1
            seconds = time.perf_counter() - began
            self.record(exchange, method, found, status, seconds)

    def request_id(self, headers: Mapping[str, str]) -> str:
        """Return what the client calls the request, or a name that nothing else has."""
        given = headers.get("x-request-id")
        if given is not None and REQUEST_ID.fullmatch(given):
            return given
        return f"{self.prefix}{next(self.numbers):08x}"

    def check(self, found: Found, headers: Mapping[str, str]) -> None:
        """Raise RequestError for a request that is not let in."""
        if self.draining and found.name in READINESS:
            raise RequestError(503, "the server is shutting down")
        if found.name in HEALTH:
            return
        if self.keys and not (self.open_docs and found.answer is None):
            self.keys.check(headers)
        if self.tally.in_flight > self.max_concurrency:
            raise RequestError(
                503, f"{self.max_concurrency} requests are in hand; try again"
            )

    def look_up(self, method: str, path: str) -> Found:
        """Find what there is at a path.

        The first route for a path decides what the path is; others of the same form may
        add methods. `/models/{name}` says nothing about `/models/{name}:predict`.
        """
        scope = {"type": "http", "method": method, "path": path, "root_path": ""}
        form = None
        allowed: set[str] = set()
        for route in self.app.routes:
            match, child = route.matches(scope)
            if match is Match.NONE or not isinstance(route, Route):
                continue
            form = form or route.path
            if route.path == form and match is Match.FULL:
                answer = route.endpoint if isinstance(route.endpoint, Answer) else None
                params = child["path_params"]
                return Found(route.name, form, True, answer, params)
            if route.path == form:
                allowed.update(route.methods or ())
        return Found("unmatched", path, allowed=tuple(sorted(allowed)))

    def no_route(self, method: str, found: Found) -> Reply:
        """Answer where there is nothing, or nothing for this method."""
        allow = {"allow": ", ".join([*found.allowed, "OPTIONS"])}
        if not found.allowed:
            return self.refusal(found, RequestError(404, "there is nothing here"))
        if method == "OPTIONS":
            return Reply(b"", 204, allow)
        reply = self.refusal(
            found, RequestError(405, f"{method} is not possible here; see Allow")
        )
        return Reply(reply.body, reply.status, {**reply.headers, **allow})

    def refusal(self, found: Found, error: RequestError) -> Reply:
        """Write an error as the clients of the endpoint expect it."""
        if found.answer is not None:
            reply = found.answer.endpoint.refuse(error)
        else:
            reply = Reply(orjson.dumps({"error": str(error)}), error.status)
        more = {}
        if error.status in RETRY_LATER:
            more["retry-after"] = "1"
        if error.status == 401:
            more["www-authenticate"] = "Bearer"
        if error.status == 408:
            more["connection"] = "close"  # the rest may never come
        return Reply(reply.body, reply.status, {**reply.headers, **more})

    def record(
        self,
        exchange: Exchange,
        method: str,
        found: Found,
        status: int,
        seconds: float,
    ) -> None:
        """Have a request counted and logged."""
        reply = exchange.reply or NOTHING
        self.tally.add(
            Done(
                time.time(),
                exchange.id,
                found.name,
                method,
                found.path,
                status,
                seconds,
                reply.rows,
                reply.version,
                reply.classes,
            )
        )
        if self.requests is not None and reply.rows:
            self.requests.add(exchange.id, reply)
