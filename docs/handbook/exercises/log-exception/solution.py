"""Go on, and tell."""

import logging

logger = logging.getLogger(__name__)


def read_all(read, paths):
    """Return {path: read(path)} of those that can be read; log the others.

    An OSError of a path is logged as an error with its traceback.
    """
    found = {}
    for path in paths:
        try:
            found[path] = read(path)
        except OSError:
            logger.exception("cannot read %s", path)
    return found
