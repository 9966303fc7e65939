"""What servers load, made from a PyTorch model: ONNX and an archive for TorchServe.

Both take raw pixels, as a request has them, divide them, and end with probabilities.
"""

import io
import json
import logging
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from . import models
from .agreement import PROBABILITIES, Array, Feeds, Format, run_onnx
from .held_out import IMAGES, held_out
from .registry import ONNX_FILE, Manifest

__all__ = ["EXPORT_LIBRARIES", "formats", "held_out"]

# Whose versions an export adds to the manifest.
EXPORT_LIBRARIES = ("onnx", "onnxruntime", "onnxscript")

# What TorchServe's archive holds, and the handler that it is given.
ARCHIVE_FILE, PROGRAM_FILE, HANDLER_FILE = "model.mar", "model.pt2", "handler.py"
HANDLER = Path("deploy/torchserve") / HANDLER_FILE
ARCHIVE_VERSION = "0.12.0"  # TorchServe's, whose layout it is
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the date of every entry: same model, same bytes


class Served(nn.Module):
    """A trained network with a division in front, and probabilities at the end."""

    def __init__(self, model: nn.Module, max_value: float) -> None:
        """Take a network from images in [0, 1] to logits."""
        super().__init__()
        self.model = model
        self.max_value = max_value

    def forward(self, images: Tensor) -> Tensor:
        """Return probabilities (n, classes) of pixels, float32 (n, height, width)."""
        logits: Tensor = self.model(images / self.max_value)
        return logits.softmax(dim=1)


def formats(folder: Path, manifest: Manifest) -> dict[str, Format]:
    """Return the formats that a version can be written in.

    TorchServe's archive needs a handler; without deploy/torchserve/, there is none.

    Args:
        folder: The version.
        manifest: Its manifest.
    """
    model = Served(models.load_model(folder), manifest.inputs.max_value).eval()
    shape = (manifest.inputs.height, manifest.inputs.width)
    found = {
        "onnx": Format(
            lambda target: export_onnx(program(model, shape), target),
            lambda target, feeds: run_onnx(target / ONNX_FILE, feeds),
        )
    }
    if HANDLER.is_file():
        found["torchserve"] = Format(
            lambda target: export_archive(
                program(model, shape), target, manifest, int(folder.name), HANDLER
            ),
            run_archive,
        )
    return found


def program(model: nn.Module, shape: tuple[int, int]) -> torch.export.ExportedProgram:
    """Trace a network for any number of images.

    Args:
        model: From images float32 (n, height, width).
        shape: (height, width).
    """
    # Two images: of one, PyTorch would take the number for granted.
    example = torch.zeros(2, *shape)
    any_number = torch.export.Dim("batch", min=1)
    return torch.export.export(model, (example,), dynamic_shapes=({0: any_number},))


def export_onnx(traced: torch.export.ExportedProgram, folder: Path) -> None:
    """Write model.onnx.

    Args:
        traced: From `program`.
        folder: Where to.
    """
    with quiet_exporter():
        torch.onnx.export(
            traced,
            (),
            folder / ONNX_FILE,
            input_names=[IMAGES],
            output_names=[PROBABILITIES],
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def export_archive(
    traced: torch.export.ExportedProgram,
    folder: Path,
    manifest: Manifest,
    version: int,
    handler: Path,
) -> None:
    """Write model.mar, an archive for TorchServe.

    It is a zip file. What TorchServe's own archiver would do beyond writing these
    entries is to put the time of day into it.

    Args:
        traced: From `program`; it holds weights and operations, and no Python code.
        folder: Where to.
        manifest: The version's.
        version: Its number.
        handler: The Python file that reads requests and writes answers.
    """
    weights = io.BytesIO()
    torch.export.save(traced, weights)
    about = {
        "createdOn": manifest.created,
        "runtime": "python",
        "archiverVersion": ARCHIVE_VERSION,
        "model": {
            "modelName": manifest.name,
            "modelVersion": f"{version}.0",
            "serializedFile": PROGRAM_FILE,
            "handler": HANDLER_FILE,
        },
    }
    names = {str(index): name for index, name in enumerate(manifest.classes)}
    entries: dict[str, bytes] = {
        "MAR-INF/MANIFEST.json": as_json(about),
        PROGRAM_FILE: weights.getvalue(),
        HANDLER_FILE: handler.read_bytes(),
        "index_to_name.json": as_json(names),
        "inputs.json": as_json(manifest.inputs.model_dump(mode="json")),
    }
    with zipfile.ZipFile(folder / ARCHIVE_FILE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


def run_archive(folder: Path, feeds: Feeds) -> Array:
    """Return the probabilities that the network in a TorchServe archive gives."""
    with zipfile.ZipFile(folder / ARCHIVE_FILE) as archive:
        network = torch.export.load(io.BytesIO(archive.read(PROGRAM_FILE))).module()
    with torch.inference_mode():
        return np.asarray(network(torch.from_numpy(feeds[IMAGES])))


def as_json(content: dict[str, Any]) -> bytes:
    """Return the JSON of a small file."""
    return json.dumps(content, indent=2, ensure_ascii=False).encode()


@contextmanager
def quiet_exporter() -> Iterator[None]:
    """Hide what torch.onnx says of packages and types that are not used here."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logger.setLevel(level)
