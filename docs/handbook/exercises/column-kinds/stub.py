"""Columns by kind."""


def kinds(frame):
    """Return {"number": [...], "text": [...], "bool": [...]}, names of columns."""
    numbers = list(frame.select_dtypes("number"))
    return {"number": numbers, "text": [], "bool": []}
