"""Connections as uvicorn handles them, with what it leaves out.

- A client that is slow to send the head of a request, or sends no end of it, is cut off.
- So is one that does not read its answers.
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
OFFER = (b"connection", b"upgrade", b"http2-settings")


class Connection(HttpToolsProtocol):
    """A connection; see uvicorn's own for what it does."""

    def __init__(self, *, patience: float, **given: Any) -> None:
        """Prepare.

        Args:
            patience: How many seconds the head of a request may take to arrive, and how
                long a client may read nothing of its answers.
            **given: What uvicorn gives to a connection.
        """
        super().__init__(**given)
        self.patience = patience
        self.arrived = b""
        self.head_bytes = 0  # that arrived since the last whole head, or part of a body
        self.unread = 0
        self.head_timer: asyncio.TimerHandle | None = None
        self.write_timer: asyncio.TimerHandle | None = None

    def connection_made(
        self, transport: asyncio.Transport  # type: ignore[override]
    ) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.head_timer = self.loop.call_later(self.patience, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self.stop_timers()
        super().connection_lost(exc)

    def stop_timers(self) -> None:
        """Wait neither for a head nor for a reader."""
        for timer in (self.head_timer, self.write_timer):
            if timer is not None:
                timer.cancel()
        self.head_timer = self.write_timer = None

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        """Take what arrived: the head of a request, its body, or a part of them."""
        self.arrived = data
        self.head_bytes += len(data)
        super().data_received(data)
        if self.head_bytes > MOST_HEAD_BYTES:
            self.send_400_response("")
        elif not self.is_idle():
            if self.head_timer is not None:
                self.head_timer.cancel()
                self.head_timer = None
        elif self.head_timer is None:
            self.head_timer = self.loop.call_later(self.patience, self.transport.close)

    def on_headers_complete(self) -> None:
        """Begin to answer, unless the head is too large or has to be read again."""
        if self.offers_other_protocol():
            return
        if self.head_bytes > MOST_HEAD_BYTES:  # with the beginning of a body, perhaps
            lengths = (len(name) + len(value) + 4 for name, value in self.headers)
            if len(self.url) + sum(lengths) > MOST_HEAD_BYTES:
                raise ValueError("the head is too large")
        self.head_bytes = 0
        super().on_headers_complete()

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
        if self.head_bytes <= MOST_HEAD_BYTES:
            super().send_400_response(msg)
            return
        end = b"content-length: 0\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[431] + end)
        self.transport.close()

    def offers_other_protocol(self) -> bool:
        """Whether a head has to be read again, without the offer that is in it."""
        parser = self.parser
        return bool(parser.should_upgrade()) and parser.get_method() != b"CONNECT"

    def _unsupported_upgrade_warning(self) -> None:
        """Read a request again as if it had no offer; uvicorn would warn and go on."""
        error = sys.exception()
        if not isinstance(error, httptools.HttpParserUpgrade) or (
            not self.offers_other_protocol()
        ):
            return
        rest, version = self.arrived[error.args[0] :], self.parser.get_http_version()
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/" + version.encode()]
        lines += [
            name + b": " + value for name, value in self.headers if name not in OFFER
        ]
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(b"\r\n".join([*lines, b"", rest]))

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self.unread = sys.maxsize
        self.require_reader()

    def require_reader(self) -> None:
        """End the connection if nothing was read since the last look."""
        left = self.transport.get_write_buffer_size()
        if left >= self.unread:
            self.transport.abort()
        else:
            self.unread = left
            self.write_timer = self.loop.call_later(self.patience, self.require_reader)

    def resume_writing(self) -> None:
        """Stop waiting: the client has read."""
        super().resume_writing()
        if self.write_timer is not None:
            self.write_timer.cancel()
            self.write_timer = None

    def timeout_keep_alive_handler(self) -> None:
        """End a connection that was idle for long; what nobody has read is lost."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """End the connection: now if it is busy, soon if it is idle."""
        if self.is_idle():
            self.loop.call_later(LINGER_SECONDS, super().shutdown)
        else:
            super().shutdown()
