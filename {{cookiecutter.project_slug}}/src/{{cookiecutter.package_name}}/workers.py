"""A pool of processes that hands results back in order, and reports a dead worker.

The number of workers never changes a result: what is asked for, and the order in which
the answers are used, is the same for any number.
"""

import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeVar

import pyarrow as pa
import threadpoolctl

from .backend import start_method
from .config import ProjectError

Item = TypeVar("Item")
Result = TypeVar("Result")

HEAP_BYTES = (32 << 20) - (64 << 10)  # with its header still below 32 MiB
LARGE = 1 << 20  # bytes of an array that is not copied out of a worker's file
ALIGNED = 64  # bytes; where such an array starts: a line of the processor's cache
AHEAD = 2  # results a worker may be ahead of their use; bounds the memory


class WorkerError(ProjectError):
    """A worker process ended before its work was done."""


class InOrder(Protocol):
    """Applies a function to items; yields the results in the order of the items."""

    def __call__(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Result]: ...


@contextmanager
def start_workers(count: int) -> Iterator[InOrder]:
    """Start processes; end them when the block is left, whatever the reason.

    Args:
        count: With 1 there are none: all is done in this process.

    Yields:
        `in_order(function, items)`, a lazy `map`. With more than one worker function
        and items are pickled, and at most `AHEAD` results a worker are waiting. An
        array of `LARGE` bytes or more in a result can then not be written to, and
        holds its numbers until the next result is asked for.

    Raises:
        WorkerError: If a worker is killed, or runs out of memory.
    """
    if count == 1:
        yield lambda function, items: (function(item) for item in items)
        return
    # Windows cannot remove a file while an array of it is in use.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        pool = ProcessPoolExecutor(count, start_method(), prepare_worker)
        try:
            yield lambda function, items: ordered(
                pool, AHEAD * count, Path(folder), function, items
            )
        except (BrokenProcessPool, MemoryError) as error:
            raise WorkerError(
                "a worker process was killed or ran out of memory; nothing was saved. "
                "Fewer workers or smaller chunks take less memory"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def prepare_worker() -> None:
    """Run in each new process: one thread, no Ctrl-C, no life after the parent.

    And no giving back of memory that the next chunk needs again: glibc returns to the
    kernel what is larger than the largest block freed so far, up to 32 MiB (mallopt(3),
    M_MMAP_THRESHOLD), which would cost a fifth of the time.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it, and stops us
    threadpoolctl.threadpool_limits(1)
    pa.set_cpu_count(1)
    bytearray(HEAP_BYTES)  # allocated and freed
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """Wait for the parent's end, then end this process.

    A parent that is killed cannot stop its workers, and they would wait for ever.
    """
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def ordered(
    pool: ProcessPoolExecutor,
    ahead: int,
    folder: Path,
    function: Callable[[Item], Result],
    items: Iterable[Item],
) -> Iterator[Result]:
    """Map in the pool, in order, with at most `ahead` results waiting.

    Each result takes the file of the one `ahead` before it, which has been used by
    then: to write over memory is faster than to be given new memory and return it.
    """
    waiting: deque[tuple[Path, Future[list[int]]]] = deque()
    for number, item in enumerate(items):
        if len(waiting) == ahead:
            yield collect(*waiting.popleft())
        path = folder / str(number % ahead)
        path.touch()
        waiting.append((path, pool.submit(into_file, path, function, item)))
    while waiting:
        yield collect(*waiting.popleft())


def into_file(path: Path, function: Callable[[Item], Any], item: Item) -> list[int]:
    """Write the result over a file; return the sizes of its parts, in bytes.

    The pool's own pipe would do, but for one thing: who reads from it waits for ever if
    the writer is killed in the middle of a large result, for the other workers keep the
    pipe open.

    Large arrays follow the pickled rest as they are (PEP 574), to be used in place.
    """
    arrays: list[memoryview] = []

    def stays_inside(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < LARGE:
            return True
        arrays.append(raw)
        return False

    rest = pickle.dumps(function(item), 5, buffer_callback=stays_inside)
    parts = [memoryview(rest), *arrays]
    with path.open("r+b") as file:
        for part in parts:
            file.seek(-file.tell() % ALIGNED, os.SEEK_CUR)
            file.write(part)
    return [part.nbytes for part in parts]


def collect(path: Path, future: Future[list[int]]) -> Any:
    """Wait for a result; return it, its large arrays in the memory of the file."""
    sizes = future.result()
    with path.open("rb") as file:
        content = memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))
    parts, start = [], 0
    for size in sizes:
        start += -start % ALIGNED
        parts.append(content[start : start + size])
        start += size
    return pickle.loads(parts[0], buffers=parts[1:])
