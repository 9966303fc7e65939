"""Logging as data."""


def make_config(path):
    """Return what `logging.config.dictConfig` takes.

    The console (stderr) shows warnings and worse. The file at `path` gets everything,
    each line as "LEVEL name: message". Loggers that exist already go on.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "level": "WARNING"},
            "file": {
                "class": "logging.FileHandler",
                "formatter": "line",
                "filename": str(path),
                "encoding": "utf-8",
            },
        },
        "root": {"level": "DEBUG", "handlers": ["console", "file"]},
    }
