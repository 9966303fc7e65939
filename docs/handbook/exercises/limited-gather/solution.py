"""Many, but not all at once."""

import asyncio


async def gather_limited(coroutines, limit):
    """Return the results of coroutines in order; at most `limit` run at a time."""
    places = asyncio.Semaphore(limit)

    async def run(coroutine):
        async with places:
            return await coroutine

    return await asyncio.gather(*map(run, coroutines))
