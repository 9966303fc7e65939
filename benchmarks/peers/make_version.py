"""Put a model into a rendered project as its `export` would: python make_version.py
PACKAGE MODEL MODELS_DIR. Runs in the project's environment."""

import shutil
import sys
from importlib import import_module
from pathlib import Path

package, model, models_dir = sys.argv[1:]
registry = import_module(f"{package}.registry")
inputs = import_module(f"{package}.inputs")
registry.save_version(
    Path(models_dir) / "model",
    lambda folder: shutil.copy(model, folder / "model.onnx"),
    metrics={},
    history={},
    settings={},
    seed=1,
    dataset="made-up",
    classes=tuple("0123456789"),
    inputs=inputs.Inputs(height=28, width=28, max_value=255),
    data_sha256="",
    exports={"onnx": 0.0},
)
