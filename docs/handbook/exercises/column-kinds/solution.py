"""Columns by kind."""


def kinds(frame):
    """Return {"number": [...], "text": [...], "bool": [...]}, names of columns."""
    found = {"number": "number", "text": ["object", "string"], "bool": "bool"}
    return {name: list(frame.select_dtypes(kind)) for name, kind in found.items()}
