"""Say whether a file is old."""

import time


def is_stale(written, seconds):
    """Say whether something written at a time is older than some seconds."""
    return time.time() - written > seconds
