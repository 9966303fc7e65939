"""What PyTorch has to be told before it computes.

This module must stay quick to import: `--help` reads it, and waits for nothing else.
"""

import os
from typing import Literal

from pydantic import Field

from .config import ConfigError, Settings

# Those of the settings below that decide a training's result. Threads share out sums,
# and a sum in another order is rounded differently.
IDENTITY = ("op_threads", "device")


class BackendSettings(Settings):
    """The settings of a training that this framework alone has."""

    op_threads: int = Field(
        1, ge=0, le=1024, description="Threads per operation; 0: as many as cores"
    )
    # Nothing is chosen in silence: the same settings mean the same kind of machine.
    device: Literal["cpu", "cuda", "mps"] = Field(
        "cpu", description="Where to train; a GPU pays off with larger networks"
    )


def prepare(settings: Settings | None = None) -> None:
    """Import PyTorch; set the number of threads and where tensors are made.

    Args:
        settings: Those of the command; only a training has some of this framework.

    Raises:
        ConfigError: If the device is not there.
    """
    # Read when cuBLAS starts: without it, it may not repeat its results (see
    # https://docs.nvidia.com/cuda/cublas/#results-reproducibility).
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    device, op_threads = "cpu", 1
    if isinstance(settings, BackendSettings):
        device, op_threads = settings.device, settings.op_threads
    available = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not available[device]:
        raise ConfigError(
            f"device: {device} is not here, or this build of PyTorch "
            f"({torch.__version__}) cannot use it; train with --device cpu"
        )
    torch.set_num_threads(op_threads or os.cpu_count() or 1)
    # The processor is the default already, and saying so would slow every call down.
    torch.set_default_device(None if device == "cpu" else device)
