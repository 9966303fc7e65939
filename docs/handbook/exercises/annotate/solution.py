"""Annotate a function."""


def best(scores: dict[str, float]) -> str | None:
    """Return the name with the highest score; None if there are no scores."""
    return max(scores, key=scores.__getitem__, default=None)
