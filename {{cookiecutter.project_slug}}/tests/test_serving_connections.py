"""What is written to a connection leaves together, and all of it."""

import asyncio
from collections.abc import Iterable
from typing import Any

from {{ cookiecutter.package_name }}.serving import connections
from {{ cookiecutter.package_name }}.serving.connections import Joined


class Sent(asyncio.Transport):
    """A transport that remembers what it was given, piece by piece."""

    def __init__(self) -> None:
        """Be open."""
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.pieces: list[bytes] = []
        self.closed = self.paused = False

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """Remember them as one piece."""
        self.pieces.append(b"".join(list_of_data))

    def close(self) -> None:
        """Take nothing more."""
        self.closed = True

    def is_closing(self) -> bool:
        """Whether it takes nothing more."""
        return self.closed

    def pause_reading(self) -> None:
        """Receive nothing."""
        self.paused = True

    def resume_reading(self) -> None:
        """Receive again."""
        self.paused = False


async def joined() -> tuple[Joined, Sent]:
    """Return a transport, and the one that it sends by."""
    sent = Sent()
    return Joined(sent, asyncio.get_running_loop()), sent


def test_what_is_written_at_once_leaves_in_one_piece() -> None:
    async def write() -> list[bytes]:
        transport, sent = await joined()
        transport.write(b"head ")
        transport.write(b"body")
        assert sent.pieces == []
        await asyncio.sleep(0)
        transport.write(b"next")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return sent.pieces

    assert asyncio.run(write()) == [b"head body", b"next"]


def test_a_long_piece_does_not_wait() -> None:
    async def write() -> list[bytes]:
        transport, sent = await joined()
        transport.write(b"head ")
        transport.write(b"x" * connections.MOST_JOINED)
        assert len(sent.pieces) == 1
        await asyncio.sleep(0)
        return sent.pieces

    assert asyncio.run(write()) == [b"head " + b"x" * connections.MOST_JOINED]


def test_closing_sends_what_waits_and_nothing_after_it() -> None:
    async def write() -> Sent:
        transport, sent = await joined()
        transport.write(b"last words")
        transport.close()
        assert transport.is_closing()
        transport.write(b"too late")
        await asyncio.sleep(0)
        return sent

    sent = asyncio.run(write())
    assert sent.closed and sent.pieces == [b"last words"]


def test_all_else_is_up_to_the_transport() -> None:
    transport, sent = asyncio.run(joined())
    assert transport.get_extra_info("peername") == ("127.0.0.1", 1)
    transport.pause_reading()
    assert sent.paused
    transport.resume_reading()
    assert not sent.paused
