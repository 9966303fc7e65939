"""Tests of the pool. Other processes import what they run, so it has a name."""

import operator
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from {{ cookiecutter.package_name }}.datasets import DataError
from {{ cookiecutter.package_name }}.workers import WorkerError, start_workers

WAIT = 60  # seconds until a test gives up
LARGE = 1 << 20  # bytes; an array of so many stays in its file

# Prints the workers' process ids, then works.
SCRIPT = """
import multiprocessing
import time

from {{ cookiecutter.package_name }}.workers import start_workers

if __name__ == "__main__":
    with start_workers(2) as workers:
        list(workers(abs, range(4)))
        children = multiprocessing.active_children()
        print(*(child.pid for child in children), flush=True)
        list(workers(time.sleep, [0.1] * 10_000))
"""


def large(item: int) -> npt.NDArray[np.uint8]:
    return np.full((2, LARGE), item, np.uint8)


def fail(item: int) -> None:
    raise DataError(f"row {item}")


@pytest.mark.parametrize("count", [1, 3])
def test_results_come_in_the_order_of_the_items(count: int) -> None:
    with start_workers(count) as workers:
        assert list(workers(abs, range(0, -20, -1))) == list(range(20))
        arrays = list(workers(np.ones, [2, 100_000]))
    assert [len(array) for array in arrays] == [2, 100_000]
    assert all(array.flags.writeable for array in arrays)


def test_large_arrays_are_used_where_the_worker_wrote_them() -> None:
    with start_workers(2) as workers:
        # More results than files, so that each file is written over.
        for item, array in zip(range(9), workers(large, range(9)), strict=True):
            assert array.shape == (2, LARGE)
            assert (array == item).all()
            assert not array.flags.writeable


def test_only_a_few_items_are_taken_ahead() -> None:
    taken = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    with start_workers(2) as workers:
        results = workers(operator.neg, items())
        assert next(results) == 0
        assert len(taken) == 4 + 1  # two a worker, and the one in hand


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_in_a_worker_is_the_callers(count: int) -> None:
    with pytest.raises(DataError, match="^row 0$"), start_workers(count) as workers:
        list(workers(fail, range(10)))


def test_a_dead_worker_is_reported() -> None:
    with (
        pytest.raises(WorkerError, match="killed or ran out of memory"),
        start_workers(2) as workers,
    ):
        list(workers(os._exit, [1]))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", ["SIGINT", "SIGKILL"])
def test_workers_end_with_their_parent(tmp_path: Path, number: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        workers = [int(word) for word in process.stdout.readline().split()]
        assert len(workers) == 2
        if number == "SIGINT":  # the terminal sends it to all of them
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.kill()
        _, errors = process.communicate(timeout=WAIT)
    assert process.returncode != 0
    give_up = time.monotonic() + WAIT
    while any(is_running(worker) for worker in workers):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    if number == "SIGINT":
        assert errors.count("KeyboardInterrupt") == 1
        assert list(tmp_path.iterdir()) == [script]


def is_running(process: int) -> bool:
    """Return whether a process is there and has not ended."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2][1] == "Z")
