"""What Keras and TensorFlow have to be told before they are imported.

This module must stay quick to import: `--help` reads it, and waits for nothing else.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, util
from typing import Literal

from pydantic import Field

from .config import ConfigError, Settings

STDERR = 2  # the file descriptor, whatever sys.stderr is

# Those of the settings below that decide a training's result.
IDENTITY = ("keras_backend",)


class BackendSettings(Settings):
    """The settings of a training that this framework alone has."""

    op_threads: int = Field(
        1, ge=0, le=1024, description="Threads per operation; 0: as many as cores"
    )
    keras_backend: Literal["tensorflow", "jax"] = Field(
        "tensorflow", description="What Keras computes with"
    )


def prepare(settings: Settings | None = None) -> None:
    """Set what Keras and TensorFlow read when they are imported, and import them.

    Args:
        settings: Those of the command; only a training has some of this framework.

    Raises:
        ConfigError: If the backend is not installed.
    """
    keras_backend, op_threads = "tensorflow", 1
    if isinstance(settings, BackendSettings):
        keras_backend, op_threads = settings.keras_backend, settings.op_threads
    if util.find_spec(keras_backend) is None:
        raise ConfigError(
            f"keras_backend: {keras_backend} is not installed; install it with "
            f"`uv pip install -r requirements/{keras_backend}.txt`"
        )
    os.environ["KERAS_BACKEND"] = keras_backend
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(op_threads)
    # TensorFlow raises what matters; the rest of what its C++ code prints is noise.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silenced_stderr():
        import_module("keras")
        absl_logging = import_module("absl.logging")
    # absl, which Keras logs with, closes the stream it found at its import when logging
    # is configured; in a notebook or under pytest that one is somebody else's.
    absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__


@contextmanager
def silenced_stderr() -> Iterator[None]:
    """Hide what C++ code writes to the terminal; exceptions are not affected.

    TensorFlow 2.21 announces its processor options at the import, at every log level.
    """
    terminal = os.dup(STDERR)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), STDERR)
        yield
    finally:
        os.dup2(terminal, STDERR)
        os.close(terminal)
