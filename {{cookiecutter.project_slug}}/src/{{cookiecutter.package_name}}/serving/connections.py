"""Connections as uvicorn handles them, with what it leaves out.

- A client is cut off that is slow to send a request, sends more than 64 KiB of a head,
  or of trailers, sends hundreds of requests at once, or does not read its answers.
- One that offers HTTP/2, as curl and Java do, is answered as if it had not: the parser
  takes what follows such an offer for the other protocol, also a body.
- A connection that is idle when the server ends gets a last moment: a request that was
  already on its way is answered, where closing at once would have lost it.
"""

import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from .messages import JSON, dump

# Longer than a request is on its way to a server that has stopped listening.
LINGER_SECONDS = 1.0
MOST_HEAD_BYTES = 65_536
END = b"\r\n\r\n"  # of a head
MOST_WAITING = 256  # requests of one connection, of which each takes kilobytes
OFFER = re.compile(rb"\r\nupgrade:[ \t]*h2c(?=\r\n|$)", re.IGNORECASE)


class Connection(HttpToolsProtocol):
    """A connection that waits `patience` seconds for its client, and no longer."""

    def __init__(self, *, patience: float, **given: Any) -> None:
        """Prepare; uvicorn gives the rest."""
        super().__init__(**given)
        self.patience = patience
        self.head = b""  # of the next request, until all of it is here
        self.whole = True  # whether the parser has seen the end of each request
        self.unread = 0  # bytes of which the parser has made nothing yet
        # What ends the connection, unless a request is whole, or an answer read, first.
        self.sender_timer: Any = None
        self.reader_timer: Any = None

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def refuse(self, status: int, problem: str) -> None:
        """Answer what is no request yet, and end the connection."""
        body = dump({"error": problem})
        head = f"content-type: {JSON}\r\ncontent-length: {len(body)}\r\n"
        parts = STATUS_LINE[status], head.encode(), b"connection: close", END, body
        self.transport.write(b"".join(parts))
        self.transport.close()

    def give_up(self) -> None:
        """End the connection of a client that is too slow to send a request."""
        if self.is_idle() or self.cycle.response_started or self.pipeline:
            self.transport.close()
        else:
            scope: Any = self.scope
            scope["status"] = 408  # for the log, and those who count
            self.refuse(408, f"the body did not arrive within {self.patience:g} s")

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.sender_timer = self.loop.call_later(self.patience, self.give_up)

    def data_received(self, data: bytes) -> None:
        """Take what arrived: the head of a request, its body, or a part of them."""
        if self.whole:
            data = self.head + data
            end = data.find(END)
            self.head = data if end < 0 else b""
            if max(end, len(self.head)) > MOST_HEAD_BYTES:
                self.refuse(431, f"the head is longer than {MOST_HEAD_BYTES:,} bytes")
                return
            if end < 0:
                data = b""
            elif offer := OFFER.search(data, 0, end):
                data = data[: offer.start()] + data[offer.end() :]
        self.unread += len(data)
        super().data_received(data)
        if self.unread > MOST_HEAD_BYTES:
            self.transport.abort()
        elif (self.head or not self.whole) and self.sender_timer.cancelled():
            self.sender_timer = self.loop.call_later(self.patience, self.give_up)

    def on_message_begin(self) -> None:
        """Begin to read a request."""
        self.whole = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self.unread = 0
        scope: Any = self.scope
        scope["tasks"] = self.tasks
        super().on_headers_complete()
        if len(self.pipeline) > MOST_WAITING:
            self.transport.abort()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self.unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop waiting: all of a request is here."""
        self.whole, self.unread = True, 0
        self.sender_timer.cancel()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self.reader_timer = self.loop.call_later(self.patience, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop waiting: the client has read."""
        super().resume_writing()
        self.reader_timer.cancel()

    def shutdown(self) -> None:
        """End the connection: now if it is busy, soon if it is idle."""
        if self.is_idle():
            self.loop.call_later(LINGER_SECONDS, super().shutdown)
        else:
            super().shutdown()
