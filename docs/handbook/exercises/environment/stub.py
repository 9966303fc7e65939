"""Set variables of the environment for a while."""

import os
from contextlib import contextmanager


@contextmanager
def environment(**variables):
    """Set variables for the block of a `with`."""
    os.environ.update(variables)
    yield
