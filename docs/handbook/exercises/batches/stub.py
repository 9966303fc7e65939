"""A generator of lists."""


def batches(values, size):
    """Yield lists of `size` values in order; the last may be shorter."""
    values = list(values)
    return [values[start : start + size] for start in range(0, len(values), size)]
