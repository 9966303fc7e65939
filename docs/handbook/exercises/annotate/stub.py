"""Annotate a function."""


def best(scores):
    """Return the name with the highest score; None if there are no scores."""
    return max(scores, key=scores.__getitem__, default=None)
