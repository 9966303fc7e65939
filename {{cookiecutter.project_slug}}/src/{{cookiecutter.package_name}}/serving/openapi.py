"""The OpenAPI 3.1 document of the server, for the model that it serves.

It is written by hand, in openapi.yaml; here it gets what only the model knows.
"""

import re
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from . import rows
from .messages import dump
from .model import Model
from .open_inference import NAMES, SERVER

FILE = Path(__file__).with_name("openapi.yaml")


def template() -> str:
    """Return openapi.yaml in JSON: read once, as YAML is too slow for a request."""
    return dump(yaml.safe_load(FILE.read_text("utf-8"))).decode()


def document(template: str, model: Model, needs_key: bool) -> bytes:
    """Describe a model's server in JSON; predictions may need a key."""
    known = facts(model) | {"security": [{"key": []}, {"bearer": []}] * needs_key}
    text = re.sub(r'"<(\w+)>"', lambda each: dump(known[each[1]]).decode(), template)
    return text.encode()


def facts(model: Model) -> dict[str, Any]:
    """Return what stands in openapi.yaml in angle brackets, by its name."""
    row: Any = rows.row_example(model)
    table = isinstance(row, dict)
    values = row if table else {model.tensors[0].name: row}
    prediction: dict[str, Any] = {"type": "number"}
    if model.classes:
        parts = dict.fromkeys(model.classes, prediction)
        prediction = {"type": "object", "required": [*parts], "properties": parts}
    tensors = [
        {
            "name": each.name,
            "datatype": NAMES[rows.asked(each)],
            "shape": [1, *each.shape[1:]],
            "data": np.ravel([values[each.name]]).tolist(),
        }
        for each in model.tensors
    ]
    return {
        "title": SERVER,
        "release": metadata.version(SERVER),
        "summary": f"Model “{model.name}”, version {model.version}.",
        "description": metadata.metadata(SERVER)["Summary"],
        "name": model.name,
        "version": str(model.version),
        "row": row,
        "list": list(values.values()) if table else row,
        "names": list(values),
        "columns": {name: [value] for name, value in values.items()},
        "tensors": tensors,
        "row_schema": rows.row_schema(model),
        "prediction_schema": prediction,
    }
