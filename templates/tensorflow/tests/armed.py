"""Files of Keras that run code, or read others, when they are loaded carelessly."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

Write = Callable[[Path, Path], None]


def harmless(file: Path) -> None:
    """Write a model that may be loaded."""
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(file)


def lambda_layer(file: Path, canary: Path) -> None:
    """Write a model with a function in it that makes a file, the canary."""
    path = str(canary)
    layer = keras.layers.Lambda(lambda values: open(path, "w") and values)
    keras.Sequential([keras.Input((2,)), layer]).save(file)
    canary.unlink()  # to build the model, it was called


def go_off(file: Path) -> None:
    """Load it as one should not."""
    keras.saving.load_model(file, safe_mode=False)


def with_layer(layer: dict[str, Any]) -> Write:
    """Return what writes a model with another layer than the harmless one."""

    def write(file: Path, canary: Path) -> None:
        harmless(file)
        with zipfile.ZipFile(file) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
        config = json.loads(entries["config.json"])
        armed = json.dumps(layer).replace("CANARY", canary.as_posix())
        config["config"]["layers"][-1].update(json.loads(armed))
        entries["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in entries.items():
                archive.writestr(name, content)

    return write


# What goes off, and what would if anybody knew how.
ARMED: dict[str, Write] = {"a Lambda layer": lambda_layer}
OTHERS: dict[str, Write] = {
    "a function of Python's": with_layer(
        {
            "module": "pathlib",
            "class_name": "Path.touch",
            "registered_name": None,
            "config": {"self": "CANARY"},
        }
    ),
    "a class of nobody's": with_layer(
        {
            "module": "armed",
            "class_name": "Layer",
            "registered_name": "armed>Layer",
            "config": {"name": "CANARY"},
        }
    ),
    "a SavedModel": with_layer(
        {
            "module": "keras.layers",
            "class_name": "TFSMLayer",
            "registered_name": None,
            "config": {"filepath": "CANARY", "call_endpoint": "serve"},
        }
    ),
    "a vocabulary in a file": with_layer(
        {
            "module": "keras.layers",
            "class_name": "StringLookup",
            "registered_name": None,
            "config": {"vocabulary": "/etc/hosts"},
        }
    ),
}
