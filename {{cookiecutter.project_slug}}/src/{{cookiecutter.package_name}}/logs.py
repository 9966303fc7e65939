"""Logging: set up when a command starts, from configs/logging.yaml; never at import."""

import logging
import logging.config
import sys
from pathlib import Path
from types import TracebackType

from .config import ConfigError, read_yaml

logger = logging.getLogger(__name__)

LOGGING_CONFIG = Path("configs/logging.yaml")


def set_up_logging(config: Path, log_dir: Path, level: str, quiet: bool) -> Path:
    """Configure logging from a YAML file (see configs/logging.yaml).

    Warnings and uncaught exceptions are logged from here on.

    Args:
        config: The dictConfig as YAML; its handlers are `console` and `file`.
        log_dir: The folder of the log file, made when missing.
        level: What the console shows.
        quiet: Whether it shows no less than warnings.

    Returns:
        The log file.

    Raises:
        ConfigError: If the configuration cannot be used.
    """
    settings = read_yaml(config)
    try:
        log_file = log_dir / str(settings["handlers"]["file"]["filename"])
        settings["handlers"]["file"]["filename"] = str(log_file)
        quiet = quiet and logging.getLevelName(level) < logging.WARNING
        settings["handlers"]["console"]["level"] = "WARNING" if quiet else level
        log_dir.mkdir(parents=True, exist_ok=True)
        logging.config.dictConfig(settings)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise ConfigError(f"{config} cannot be used: {error!r}") from error
    logging.captureWarnings(True)
    sys.excepthook = log_uncaught
    return log_file


def log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Log an exception that nothing caught, with its traceback."""
    logger.critical("uncaught exception", exc_info=(kind, error, trace))
