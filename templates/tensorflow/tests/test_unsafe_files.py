"""A model's file that carries code, or names other files: refused, and nothing runs."""

import json
import zipfile
from pathlib import Path
from typing import Any

import keras
import pytest

from {{ cookiecutter.package_name }} import models
from {{ cookiecutter.package_name }}.config import ProjectError

# Keras 3.15 asks NumPy for arrays in a way that NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ imp:DeprecationWarning")

# What stands in the place of a harmless layer.
LAYERS: dict[str, dict[str, Any]] = {
    "a function of Python's": {
        "module": "pathlib",
        "class_name": "Path.touch",
        "config": {"self": "CANARY"},
    },
    "a SavedModel": {
        "module": "keras.layers",
        "class_name": "TFSMLayer",
        "config": {"filepath": "CANARY", "call_endpoint": "serve"},
    },
    "a file of words": {
        "module": "keras.layers",
        "class_name": "StringLookup",
        "config": {"vocabulary": "/etc/hosts"},
    },
}


def test_a_function_in_a_file_is_refused_and_does_not_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    path = str(canary)
    layer = keras.layers.Lambda(lambda values: open(path, "w") and values)
    keras.Sequential([keras.Input((2,)), layer]).save(tmp_path / models.MODEL_FILE)
    canary.unlink()  # to build the model, it was called
    with pytest.raises(ProjectError, match=models.MODEL_FILE):
        models.load_model(tmp_path)
    assert not canary.exists()
    keras.saving.load_model(tmp_path / models.MODEL_FILE, safe_mode=False)
    assert canary.exists()  # the test is one: loaded carelessly, it does run


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_a_layer_that_is_none_is_refused(layer: dict[str, Any], tmp_path: Path) -> None:
    file, canary = tmp_path / models.MODEL_FILE, tmp_path / "canary"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(file)
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(entries["config.json"])
    planted = json.dumps(layer).replace("CANARY", canary.as_posix())
    config["config"]["layers"][-1] |= json.loads(planted) | {"registered_name": None}
    with zipfile.ZipFile(file, "w") as archive:
        entries["config.json"] = json.dumps(config).encode()
        for name, content in entries.items():
            archive.writestr(name, content)
    with pytest.raises(ProjectError, match=models.MODEL_FILE):
        models.load_model(tmp_path)
    assert not canary.exists()
