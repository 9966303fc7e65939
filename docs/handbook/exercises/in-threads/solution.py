"""Wait for many at the same time."""

from concurrent.futures import ThreadPoolExecutor


def results(function, values, workers=4):
    """Return `function(value)` for each value, in order, `workers` at the same time."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, values))
