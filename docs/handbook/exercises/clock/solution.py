"""Say whether a file is old."""

import time


def is_stale(written, seconds, now=None):
    """Say whether something written at a time is older than some seconds."""
    if now is None:
        now = time.time()
    return now - written > seconds
