"""Wait for many things, but not for all at once."""

import asyncio


async def gather(functions, most):
    """Await functions without arguments, `most` at the same time; their results."""
    places = asyncio.Semaphore(most)

    async def wait(function):
        async with places:
            return await function()

    return await asyncio.gather(*[wait(function) for function in functions])
