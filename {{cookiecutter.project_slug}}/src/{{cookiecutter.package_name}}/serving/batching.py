"""Requests that are predicted together: what arrives while one inference runs is next.

No timer: a request that comes alone is begun at once, in the event loop if that takes
less than handing it to a thread would be worth, and the busier the server, the larger
the batches. One inference runs at a time; the event loop is free meanwhile.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from .messages import Array, Feeds
from .model import Model

# What takes longer would make health wait, and everybody else.
INLINE_SECONDS = 0.002


class Job(NamedTuple):
    """A request that waits for its prediction."""

    model: Model
    feeds: Feeds
    rows: int
    answer: asyncio.Future[Array]


class Batches:
    """Predicts for many requests in one event loop."""

    def __init__(self, most_rows: int) -> None:
        """Prepare; a batch of several requests has `most_rows` rows at most."""
        self.most_rows = most_rows
        self.waiting: deque[Job] = deque()
        self.busy = False
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="predict")

    async def predict(self, model: Model, feeds: Feeds, rows: int) -> Array:
        """Predict one request's rows, perhaps with those of others."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Array] = loop.create_future()
        self.waiting.append(Job(model, feeds, rows, answer))
        if not self.busy:
            self.busy = True
            loop.call_soon(self.begin)  # with all that this round of the loop brings
        return await answer

    def begin(self) -> None:
        """Begin the next batch, if any request waits."""
        jobs = self.take()
        self.busy = bool(jobs)
        if not jobs:
            return
        loop = asyncio.get_running_loop()
        if jobs[0].model.seconds * sum(job.rows for job in jobs) < INLINE_SECONDS:
            deliver(jobs, compute(jobs))
            loop.call_soon(self.begin)
            return

        def done(computed: asyncio.Future[list[Array | Exception]]) -> None:
            if not computed.cancelled():
                deliver(jobs, computed.result())
                self.begin()

        loop.run_in_executor(self.thread, compute, jobs).add_done_callback(done)

    def take(self) -> list[Job]:
        """Take what fits into one batch, of one model, in the order of arrival."""
        jobs: list[Job] = []
        rows = 0
        while self.waiting:
            job = self.waiting[0]
            rows += job.rows
            if jobs and (job.model is not jobs[0].model or rows > self.most_rows):
                break
            self.waiting.popleft()
            if job.answer.done():  # nobody waits for it any more
                rows -= job.rows
            else:
                jobs.append(job)
        return jobs


def compute(jobs: Sequence[Job]) -> list[Array | Exception]:
    """Predict a batch; what cannot be is an error of the one request that is wrong."""
    model, feeds = jobs[0].model, jobs[0].feeds
    try:
        if len(jobs) == 1:
            return [model.predict(feeds)]
        together = {
            name: np.concatenate([job.feeds[name] for job in jobs]) for name in feeds
        }
        ends = np.cumsum([job.rows for job in jobs])[:-1]
        return list(np.split(model.predict(together), ends))
    except Exception as error:
        if len(jobs) == 1:  # its traceback would keep what was asked
            return [error.with_traceback(None)]
        return [result for job in jobs for result in compute([job])]


def deliver(jobs: Sequence[Job], results: Sequence[Array | Exception]) -> None:
    """Give each request what is its own."""
    for job, result in zip(jobs, results, strict=True):
        if job.answer.done():  # given up
            continue
        if isinstance(result, Exception):
            job.answer.set_exception(result)
        else:
            job.answer.set_result(result)
