"""Wait for many things, but not for all at once."""

import asyncio


async def gather(functions, most):
    """Await functions without arguments, `most` at the same time; their results."""
    return await asyncio.gather(*[function() for function in functions])
