"""Connections as uvicorn handles them, with four things that it leaves out.

A client that is slow to send the head of a request is cut off. A connection that is
idle when the server ends gets a last moment: a request that was already on its way is
answered, where closing at once would have lost it. And a request that has arrived as a
whole says so, which saves whoever reads its body a timer. And the head and the body of
an answer leave together: as two packets they take the system, and the client, longer.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Longer than a request is on its way to a server that has stopped listening.
LINGER_SECONDS = 1.0
# Of more bytes, none waits for others to leave with.
MOST_JOINED = 65_536
# The key in the scope of a request that has arrived as a whole.
ARRIVED = "arrived"


class Joined(asyncio.Transport):
    """A transport that sends what is written to it in one piece, a moment later."""

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop
    ) -> None:
        """Send by another transport what is written until the loop's next round."""
        super().__init__()
        self.transport = transport
        self.loop = loop
        self.waiting: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> None:  # type: ignore[override]
        """Send soon."""
        if not self.waiting:
            self.loop.call_soon(self.flush)
        self.waiting.append(data)
        self.size += len(data)
        if self.size > MOST_JOINED:
            # So that the transport knows of it, and makes whoever writes it wait.
            self.flush()

    def flush(self) -> None:
        """Send what waits, unless the connection is lost."""
        waiting, self.waiting, self.size = self.waiting, [], 0
        if waiting and not self.transport.is_closing():
            self.transport.writelines(waiting)

    def close(self) -> None:
        """Send what waits, and close."""
        self.flush()
        self.transport.close()

    def is_closing(self) -> bool:
        """Whether it is closed, or about to be."""
        return self.transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport knows: its socket, its addresses."""
        return self.transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Receive nothing for now."""
        self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Receive again."""
        self.transport.resume_reading()


class Connection(HttpToolsProtocol):
    """A connection; see uvicorn's own for what it does."""

    def __init__(self, *, head_seconds: float, **given: Any) -> None:
        """Prepare.

        Args:
            head_seconds: How long the head of a request may take to arrive.
            **given: What uvicorn gives to a connection.
        """
        super().__init__(**given)
        self.head_seconds = head_seconds
        self.deadline: asyncio.TimerHandle | None = None

    def connection_made(
        self, transport: asyncio.Transport  # type: ignore[override]
    ) -> None:
        """Begin to wait for the first request."""
        super().connection_made(Joined(transport, self.loop))
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
            return
        self.stop_waiting()
        if not self.cycle.more_body:
            # In time: the application begins in the event loop's next round.
            scope: Any = self.cycle.scope
            scope[ARRIVED] = True

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def wait_for_head(self) -> None:
        """Close the connection unless the head of a request arrives in time."""
        self.deadline = self.loop.call_later(self.head_seconds, self.transport.close)

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
