"""Connections as uvicorn handles them, with two things that it leaves out.

A client that is slow to send the head of a request is cut off, and a connection that
is idle when the server ends gets a last moment: a request that was already on its way
is answered, where closing at once would have lost it.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Longer than a request is on its way to a server that has stopped listening.
LINGER_SECONDS = 1.0
HEAD_SECONDS = 10.0


class Connection(HttpToolsProtocol):
    """A connection; see uvicorn's own for what it does."""

    deadline: asyncio.TimerHandle | None = None

    def connection_made(
        self, transport: asyncio.Transport  # type: ignore[override]
    ) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self.stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived: the head of a request, its body, or a part of them."""
        super().data_received(data)
        if self.is_idle():
            if self.deadline is None:
                self.wait_for_head()
        elif self.deadline is not None:
            self.stop_waiting()

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def wait_for_head(self) -> None:
        """Close the connection unless the head of a request arrives in time."""
        self.deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def stop_waiting(self) -> None:
        """Leave the connection open."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def shutdown(self) -> None:
        """End the connection: now if it is busy, soon if it is idle."""
        if self.is_idle():
            self.loop.call_later(LINGER_SECONDS, super().shutdown)
        else:
            super().shutdown()
