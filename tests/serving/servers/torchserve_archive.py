"""Pack the golden model: python torchserve_archive.py HANDLER FOLDER.

The archive is made as deploy/torchserve/archive.py of a project makes it, with the
project's own handler.
"""

import io
import json
import sys
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn

import golden_model


class SoftmaxRegression(nn.Module):  # type: ignore[misc]  # not installed here
    """Raw images (n, height, width) to probabilities (n, classes)."""

    def __init__(self) -> None:
        """Put the golden model's weights in place."""
        super().__init__()
        model = golden_model.read()
        self.max_value = model["max_value"]
        self.linear = nn.Linear(64, 10)
        with torch.no_grad():
            self.linear.weight.copy_(torch.tensor(model["weights"]))
            self.linear.bias.copy_(torch.tensor(model["biases"]))

    def forward(self, images: Tensor) -> Tensor:
        """Return the probability of each class."""
        logits = self.linear(images.flatten(1) / self.max_value)
        return torch.softmax(logits, dim=1)


def pack(handler: Path, folder: Path) -> None:
    """Write model.mar into a folder."""
    model = golden_model.read()
    program = torch.export.export(
        SoftmaxRegression().eval(),
        (torch.zeros(2, 8, 8),),
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )
    network = io.BytesIO()
    torch.export.save(program, network)
    shape = (model["height"], model["width"])
    inputs = {"shape": shape, "max_value": model["max_value"]}
    names = {str(index): name for index, name in enumerate(model["classes"])}
    manifest = {
        "createdOn": "2026-01-01T00:00:00Z",
        "runtime": "python",
        "archiverVersion": "0.12.0",
        "model": {
            "modelName": "model",
            "modelVersion": "1.0",
            "serializedFile": "model.pt2",
            "handler": "handler.py",
        },
    }
    with zipfile.ZipFile(folder / "model.mar", "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
        archive.writestr("model.pt2", network.getvalue())
        archive.write(handler, "handler.py")
        archive.writestr("index_to_name.json", json.dumps(names))
        archive.writestr("inputs.json", json.dumps(inputs))


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]))
