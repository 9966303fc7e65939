"""The access log: one JSON object a line for each request.

The lines are collected and written out twice a second (tally.py), so that no request
waits for a disk or a pipe. A process that is killed loses the last half second.
"""

import asyncio
import logging
import os
import select
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import orjson

logger = logging.getLogger(__name__)

# Beyond these lines, some 20 MB, whatever reads the log has stopped: lines are dropped.
MOST_LINES = 100_000
STDOUT = 1
OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
# What a pipe takes whole, so that the lines of several workers do not mix.
PIECE_BYTES = getattr(select, "PIPE_BUF", 512)


class AccessLog:
    """Collects lines and writes them to standard output or to a file."""

    def __init__(self, target: Literal["stdout", "file", "off"], path: Path) -> None:
        """Prepare.

        Args:
            target: Where the lines go.
            path: The file, if they go to a file. Several workers may append to it; it
                may be moved away at any time, and is then begun anew.
        """
        self.target = target
        self.path = path
        self.lines: list[bytes] = []
        self.dropped = 0

    def add(self, line: dict[str, object]) -> None:
        """Take a line; it is written soon."""
        if self.target == "off":
            return
        if len(self.lines) >= MOST_LINES:
            self.dropped += 1
        else:
            self.lines.append(orjson.dumps(line, option=OPTIONS))

    def flush(self) -> None:
        """Write what there is."""
        lines, self.lines = self.lines, []
        dropped, self.dropped = self.dropped, 0
        if dropped:
            logger.warning("%d lines of the access log were dropped", dropped)
        if not lines:
            return
        if self.target == "file":
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab", buffering=0) as file:
                write_pieces(file.fileno(), lines)
        else:
            write_pieces(STDOUT, lines)

    async def write(self) -> None:
        """Write what there is, in a thread; an error is logged."""
        try:
            await asyncio.to_thread(self.flush)
        except OSError as error:
            # A full disk or a closed pipe: predictions go on without their lines.
            logger.error("the access log cannot be written: %s", error)


def write_pieces(number: int, lines: Iterable[bytes]) -> None:
    """Write lines to a file descriptor, as many at once as are written whole."""
    for piece in pieces(lines):
        view = memoryview(piece)
        while view:
            view = view[os.write(number, view) :]


def pieces(lines: Iterable[bytes], size: int = PIECE_BYTES) -> Iterator[bytes]:
    """Join lines to pieces of `size` bytes at most; a longer line is one of its own."""
    piece: list[bytes] = []
    length = 0
    for line in lines:
        if piece and length + len(line) > size:
            yield b"".join(piece)
            piece, length = [], 0
        piece.append(line)
        length += len(line)
    if piece:
        yield b"".join(piece)
