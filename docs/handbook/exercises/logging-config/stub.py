"""Logging as data."""


def make_config(path):
    """Return what `logging.config.dictConfig` takes.

    The console (stderr) shows warnings and worse. The file at `path` gets everything,
    each line as "LEVEL name: message". Loggers that exist already go on.
    """
    return {"version": 1}
