"""What is predicted together, what is not, and that no request pays for another."""

import asyncio
import threading
from typing import Any, cast

import numpy as np
import pytest

from {{ cookiecutter.package_name }}.serving.batching import Batches
from {{ cookiecutter.package_name }}.serving.messages import Array, Feeds
from {{ cookiecutter.package_name }}.serving.model import Model


class Doubling:
    """A slow model that answers twice what it is given, and remembers its batches."""

    def __init__(self, seconds: float = 1.0) -> None:
        """Take so long for a row, as far as others know."""
        self.seconds = seconds
        self.batches: list[list[float]] = []
        self.threads: set[int] = set()
        self.going = threading.Event()

    def predict(self, feeds: Feeds) -> Array:
        """Predict; the first batch waits until the test lets it go."""
        self.batches.append(feeds["x"][:, 0].tolist())
        self.threads.add(threading.get_ident())
        assert self.going.wait(20)
        if np.isnan(feeds["x"]).any():
            raise ValueError("no number")
        return feeds["x"] * 2


def asked(batches: Batches, model: Doubling, *rows: float) -> asyncio.Task[Array]:
    """Ask for some rows."""
    feeds = {"x": np.array(rows)[:, None]}
    asking = batches.predict(cast(Model, model), feeds, len(rows))
    return asyncio.create_task(asking)


async def answers(*tasks: asyncio.Task[Array]) -> list[Any]:
    """Wait for all requests; return the answers, or the kinds of errors."""
    results = await asyncio.gather(*tasks, return_exceptions=True)
    return [
        each[:, 0].tolist() if isinstance(each, np.ndarray) else type(each)
        for each in results
    ]


async def after_first(
    batches: Batches, model: Doubling, *later: tuple[Doubling, tuple[float, ...]]
) -> list[Any]:
    """Ask once, then again while that is predicted; return all answers."""
    first = asked(batches, model, 0)
    while not model.batches:
        await asyncio.sleep(0.001)
    tasks = [asked(batches, which, *rows) for which, rows in later]
    await asyncio.sleep(0)
    for which in {model, *(which for which, _ in later)}:
        which.going.set()
    return await answers(first, *tasks)


def test_what_arrives_meanwhile_is_the_next_batch() -> None:
    model = Doubling()
    later = ((model, (1.0,)), (model, (2.0, 3.0)), (model, (4.0,)))
    found = asyncio.run(after_first(Batches(4), model, *later))
    assert found == [[0], [2], [4, 6], [8]]
    assert model.batches == [[0], [1, 2, 3, 4]]
    assert threading.get_ident() not in model.threads


@pytest.mark.parametrize(("most", "batches"), [(1, 4), (2, 3), (3, 2), (100, 2)])
def test_a_batch_has_no_more_rows_than_it_may(most: int, batches: int) -> None:
    model = Doubling()
    later = ((model, (1.0,)), (model, (2.0,)), (model, (3.0,)))
    found = asyncio.run(after_first(Batches(most), model, *later))
    assert found == [[0], [2], [4], [6]]
    assert len(model.batches) == batches


def test_versions_are_not_mixed() -> None:
    old, new = Doubling(), Doubling()
    later = ((old, (1.0,)), (new, (2.0,)), (new, (3.0,)))
    found = asyncio.run(after_first(Batches(100), old, *later))
    assert found == [[0], [2], [4], [6]]
    assert (old.batches, new.batches) == ([[0], [1]], [[2, 3]])


def test_a_bad_request_fails_alone() -> None:
    model = Doubling()
    later = ((model, (1.0,)), (model, (np.nan,)), (model, (3.0,)))
    found = asyncio.run(after_first(Batches(100), model, *later))
    assert found == [[0], [2], ValueError, [6]]


def test_who_has_gone_costs_nobody_else() -> None:
    async def leave() -> list[Any]:
        batches = Batches(100)
        running = asked(batches, model, 0)
        while not model.batches:
            await asyncio.sleep(0.001)
        waiting, staying = asked(batches, model, 1), asked(batches, model, 2)
        await asyncio.sleep(0)
        running.cancel()
        waiting.cancel()
        await asyncio.sleep(0)
        model.going.set()
        return await answers(running, waiting, staying)

    model = Doubling()
    assert asyncio.run(leave()) == [asyncio.CancelledError] * 2 + [[4]]
    assert model.batches == [[0], [2]]


def test_a_quick_model_needs_no_thread() -> None:
    async def ask_all() -> list[Any]:
        batches = Batches(100)
        return await answers(*(asked(batches, model, row) for row in range(3)))

    model = Doubling(seconds=1e-5)
    model.going.set()
    assert asyncio.run(ask_all()) == [[0], [2], [4]]
    assert model.batches == [[0, 1, 2]]  # of one round of the event loop
    assert model.threads == {threading.get_ident()}
