"""Connections as uvicorn handles them, with what it leaves out.

- A client is cut off that is slow to send the head of a request, sends more than 64 KiB
  of it, sends hundreds of requests at once, or does not read its answers.
- One that offers another protocol, as curl and Java do with HTTP/2, is answered by this
  one. The parser takes what follows such an offer for the other protocol, also a body.
- A connection that is idle when the server ends gets a last moment: a request that was
  already on its way is answered, where closing at once would have lost it.
"""

import asyncio
import sys
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

# Longer than a request is on its way to a server that has stopped listening.
LINGER_SECONDS = 1.0
MOST_HEAD_BYTES = 65_536
# In the scope of a request whose body is here, so that nothing has to be timed: the
# tasks of all requests.
ARRIVED = "arrived"
MOST_WAITING = 256  # requests of one connection, of which each takes kilobytes
OFFER = (b"connection", b"upgrade", b"http2-settings")


class Connection(HttpToolsProtocol):
    """A connection that waits `patience` seconds for its client, and no longer."""

    def __init__(self, *, patience: float, **given: Any) -> None:
        """Prepare; uvicorn gives the rest."""
        super().__init__(**given)
        self.patience, self.arrived, self.unread = patience, b"", 0
        self.head_bytes = 0  # arrived since the last whole head, or part of a body
        self.timers: dict[str, asyncio.TimerHandle] = {}

    def start(self, name: str, end: Any) -> None:
        """Wait for something; `end` ends the connection if it does not come."""
        if name not in self.timers:
            self.timers[name] = self.loop.call_later(self.patience, end)

    def stop(self, name: str) -> None:
        """Stop waiting for something."""
        if name in self.timers:
            self.timers.pop(name).cancel()

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.start("head", transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        for name in list(self.timers):
            self.stop(name)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived: the head of a request, its body, or a part of them."""
        self.arrived = data
        self.head_bytes += len(data)
        super().data_received(data)
        if self.head_bytes > MOST_HEAD_BYTES:
            self.send_400_response("")
        elif self.is_idle():
            self.start("head", self.transport.close)
        else:
            self.stop("head")
            if not self.cycle.more_body:  # before the application begins
                scope: Any = self.cycle.scope
                scope[ARRIVED] = self.tasks

    def on_headers_complete(self) -> None:
        """Begin to answer, unless the head is too large or has to be read again."""
        if self.offers_other_protocol():
            return
        if self.head_bytes > MOST_HEAD_BYTES:  # with what follows it, perhaps
            lengths = (len(name) + len(value) + 4 for name, value in self.headers)
            if len(self.url) + sum(lengths) > MOST_HEAD_BYTES:
                raise ValueError("the head is too large")  # the parser ends with it
        self.head_bytes = 0
        super().on_headers_complete()
        if len(self.pipeline) > MOST_WAITING:
            self.transport.abort()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self.head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the end of a request."""
        if not self.offers_other_protocol():
            self.head_bytes = 0
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or has too large a head."""
        if self.head_bytes > MOST_HEAD_BYTES:
            end = b"content-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(STATUS_LINE[431] + end)
            self.transport.close()
        else:
            super().send_400_response(msg)

    def offers_other_protocol(self) -> bool:
        """Whether a head has to be read again, without the offer that is in it."""
        parser = self.parser
        return bool(parser.should_upgrade()) and parser.get_method() != b"CONNECT"

    def _unsupported_upgrade_warning(self) -> None:
        """Read a request again as if it had no offer; uvicorn warns, and waits."""
        upgrade, parser = sys.exception(), self.parser
        assert isinstance(upgrade, httptools.HttpParserUpgrade)
        if not self.offers_other_protocol():
            super()._unsupported_upgrade_warning()
            return
        version = parser.get_http_version().encode()
        head = [parser.get_method() + b" " + self.url + b" HTTP/" + version]
        head += [
            name + b": " + value for name, value in self.headers if name not in OFFER
        ]
        self.parser = httptools.HttpRequestParser(self)
        body = self.arrived[upgrade.args[0] :]
        self.data_received(b"\r\n".join([*head, b"", body]))

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self.unread = self.transport.get_write_buffer_size()
        self.start("reader", self.require_reader)

    def require_reader(self) -> None:
        """End the connection if nothing was read since the last look."""
        self.timers.pop("reader")
        left, before = self.transport.get_write_buffer_size(), self.unread
        if left >= before:
            self.transport.abort()
        else:
            self.unread = left
            self.start("reader", self.require_reader)

    def resume_writing(self) -> None:
        """Stop waiting: the client has read."""
        super().resume_writing()
        self.stop("reader")

    def shutdown(self) -> None:
        """End the connection: now if it is busy, soon if it is idle."""
        if self.is_idle():
            self.loop.call_later(LINGER_SECONDS, super().shutdown)
        else:
            super().shutdown()
