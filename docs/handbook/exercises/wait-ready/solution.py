"""Wait for a server."""

import time


def wait(is_ready, seconds, pause=0.01):
    """Return when `is_ready()` is true; TimeoutError if that takes too long."""
    end = time.monotonic() + seconds
    while True:
        try:
            if is_ready():
                return
        except ConnectionError:
            pass  # it does not listen yet
        if time.monotonic() > end:
            raise TimeoutError(f"not ready after {seconds} s")
        time.sleep(pause)
