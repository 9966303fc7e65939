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
        and items are pickled, and at most `AHEAD` results a worker are waiting.

    Raises:
        WorkerError: If a worker is killed, or runs out of memory.
    """
    if count == 1:
        yield lambda function, items: (function(item) for item in items)
        return
    with TemporaryDirectory() as folder:
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
    """Map in the pool, in order, with at most `ahead` results waiting."""
    waiting: deque[tuple[Path, Future[None]]] = deque()
    for number, item in enumerate(items):
        if len(waiting) == ahead:
            yield collect(*waiting.popleft())
        path = folder / str(number)
        waiting.append((path, pool.submit(into_file, path, function, item)))
    while waiting:
        yield collect(*waiting.popleft())


def into_file(path: Path, function: Callable[[Item], Any], item: Item) -> None:
    """Write the result to a file.

    The pool's own pipe would do, but for one thing: who reads from it waits for ever if
    the writer is killed in the middle of a large result, for the other workers keep the
    pipe open.
    """
    with path.open("wb") as file:
        pickle.dump(function(item), file, protocol=5)


def collect(path: Path, future: Future[None]) -> Any:
    """Wait for a result; return it and remove its file."""
    future.result()
    with path.open("rb") as file:
        result = pickle.load(file)
    path.unlink()
    return result
