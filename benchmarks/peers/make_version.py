"""Put a model into a rendered project as its `export` would: python make_version.py
PACKAGE MODEL MODELS_DIR. Runs in the project's environment."""

import shutil
import sys
from importlib import import_module
from pathlib import Path

package, model, models_dir = sys.argv[1:]
registry = import_module(f"{package}.registry")
adapter = import_module(f"{package}.adapter")


def write(folder: Path) -> dict[str, dict[str, float]]:
    """Write the files of the version."""
    shutil.copy(model, folder / "model.onnx")
    return {"exports": {"onnx": 0.0}}


registry.save_version(
    Path(models_dir) / "model",
    write,
    metrics={},
    history={},
    settings={},
    seed=1,
    dataset="made-up",
    classes=tuple("0123456789"),
    inputs=adapter.Inputs(shape=(28, 28), max_value=255),
    data_sha256="0" * 64,
)
