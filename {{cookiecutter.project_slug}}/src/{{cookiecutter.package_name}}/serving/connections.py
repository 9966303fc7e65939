"""Connections as uvicorn handles them, with what it leaves out.

- A client is cut off that is slow to send the head of a request, sends more than 64 KiB
  of it, or of trailers, sends hundreds of requests at once, or does not read its
  answers.
- One that offers HTTP/2, as curl and Java do, is answered as if it had not: the parser
  takes what follows such an offer for the other protocol, also a body.
- A connection that is idle when the server ends gets a last moment: a request that was
  already on its way is answered, where closing at once would have lost it.
"""

import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

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
        # Whether no body is on its way, and how much of a head, or of the trailers that
        # may follow a body, has arrived.
        self.in_head, self.head_bytes = True, 0
        self.last = b""  # bytes: the end of a head may arrive in two parts
        # What ends the connection, unless a head is whole, or an answer is read, first.
        self.head_timer: Any = None
        self.reader_timer: Any = None

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.head_timer = self.loop.call_later(self.patience, transport.close)

    def data_received(self, data: bytes) -> None:
        """Take what arrived: the head of a request, its body, or a part of them."""
        if self.in_head:
            end = 0 if END in self.last + data[:3] else data.find(END)
            of_head = len(data) if end < 0 else end
            if offer := OFFER.search(data, 0, of_head):
                data = data[: offer.start()] + data[offer.end() :]
            self.head_bytes += of_head
        if self.head_bytes > MOST_HEAD_BYTES:
            rest = b"content-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(STATUS_LINE[431] + rest)
            self.transport.close()
            return
        self.last = (self.last + data[-3:])[-3:]
        self.head_bytes += 0 if self.in_head else len(data)
        super().data_received(data)
        if self.head_bytes > MOST_HEAD_BYTES:
            self.transport.abort()
        elif not self.is_idle():
            self.head_timer.cancel()
        elif self.head_timer.cancelled():
            self.head_timer = self.loop.call_later(self.patience, self.transport.close)

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self.in_head, self.head_bytes = False, 0
        scope: Any = self.scope
        scope["tasks"] = self.tasks
        super().on_headers_complete()
        if len(self.pipeline) > MOST_WAITING:
            self.transport.abort()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self.head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Say that all of a request is here, which needs no timer then."""
        self.in_head, self.head_bytes = True, 0
        scope: Any = self.scope
        scope["whole"] = True
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
