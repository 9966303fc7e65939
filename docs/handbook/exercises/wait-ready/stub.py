"""Wait for a server."""

import time


def wait(is_ready, seconds, pause=0.01):
    """Return when `is_ready()` is true; TimeoutError if that takes too long."""
    time.sleep(pause)
