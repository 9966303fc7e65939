"""A generator of lists."""

from itertools import islice


def batches(values, size):
    """Yield lists of `size` values in order; the last may be shorter."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
