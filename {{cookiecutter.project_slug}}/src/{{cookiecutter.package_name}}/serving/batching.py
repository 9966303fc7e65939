"""Requests that are predicted together: what arrives while one inference runs is next.

No timer: a request that comes alone is begun at once, in the event loop if that is over
before anybody has to wait; the busier the server, the larger the batches. One inference
runs at a time, and the event loop is free meanwhile.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from .messages import Array, Feeds
from .model import Model

# Of an inference: what takes longer would make health wait, and everybody else.
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
        self.working: asyncio.Task[None] | None = None
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="predict")

    async def predict(self, model: Model, feeds: Feeds, rows: int) -> Array:
        """Predict one request's rows, perhaps with those of others."""
        loop = asyncio.get_running_loop()
        job = Job(model, feeds, rows, loop.create_future())
        self.waiting.append(job)
        if self.working is None:
            self.working = loop.create_task(self.work())
        return await job.answer

    async def work(self) -> None:
        """Predict batch after batch, until nobody waits."""
        loop = asyncio.get_running_loop()
        while jobs := self.take():
            seconds = jobs[0].model.seconds * sum(job.rows for job in jobs)
            if seconds < INLINE_SECONDS:
                results = compute(jobs)
            else:
                results = await loop.run_in_executor(self.thread, compute, jobs)
            for job, result in zip(jobs, results, strict=True):
                if job.answer.done():  # nobody waits for it any more
                    continue
                if isinstance(result, Exception):
                    job.answer.set_exception(result)
                else:
                    job.answer.set_result(result)
            # The next one has all that this round of the loop brings.
            await asyncio.sleep(0)
        self.working = None

    def take(self) -> list[Job]:
        """Take what fits into one batch, of one model, in the order of arrival."""
        jobs: list[Job] = []
        left = self.most_rows
        while self.waiting:
            job = self.waiting[0]
            if jobs and (job.model is not jobs[0].model or job.rows > left):
                break
            self.waiting.popleft()
            if not job.answer.done():  # somebody still waits for it
                jobs.append(job)
                left -= job.rows
        return jobs


def compute(jobs: Sequence[Job]) -> Sequence[Array | Exception]:
    """Predict a batch; if that fails, each alone: who is wrong costs nobody else."""
    model, feeds = jobs[0].model, jobs[0].feeds
    try:
        if len(jobs) == 1:
            return [model.predict(feeds)]
        parts = {name: [job.feeds[name] for job in jobs] for name in feeds}
        outputs = model.predict({name: np.concatenate(parts[name]) for name in parts})
        return np.split(outputs, np.cumsum([job.rows for job in jobs])[:-1])
    except Exception as error:
        if len(jobs) == 1:  # its traceback would keep what was asked
            return [error.with_traceback(None)]
        return [result for job in jobs for result in compute([job])]
