"""A version with a graph small enough to compute by hand: no framework, no training."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from {{ cookiecutter.package_name }} import registry
from {{ cookiecutter.package_name }}.adapter import Column, Inputs
from {{ cookiecutter.package_name }}.serving.messages import Array

Task = Literal["classification", "regression"]

CLASSES = ("no", "yes")
FACTS: dict[str, Any] = {
    "metrics": {},
    "history": {},
    "settings": {},
    "seed": 1,
    "dataset": "people",
    "data_sha256": "0" * 64,
}
COLUMN_RULES = {
    "age": Column(kind="number", nullable=True, minimum=0, maximum=150),
    "home town": Column(kind="category", nullable=True),
    "joined": Column(kind="date", minimum=date(2000, 1, 1)),
}
TARGETS: dict[Task, Column] = {
    "classification": Column(kind="category", categories=CLASSES),
    "regression": Column(kind="number"),
}
CITIES = {"Köln": 1.0, "(missing)": 2.0}  # 0 for any other
NO_AGE = 40.0

# Two rows, as each protocol wants them; the second lacks what it may lack.
ROWS: list[Any] = [
    {"age": 31, "home town": "Köln", "joined": "2020-01-01"},
    {"age": None, "home town": None, "joined": "2024-12-31T12:00:00"},
]
LISTS = [list(row.values()) for row in ROWS]
COLUMNS: Any = {name: [row[name] for row in ROWS] for name in ROWS[0]}
TENSORS: dict[str, Array] = {
    "age": np.array([[31], [np.nan]], dtype=np.float32),
    "home town": np.array([["Köln"], ["(missing)"]], dtype=object),
    "joined": np.array([[18262], [20088.5]], dtype=np.float32),
}
# As requests have them: a date is a text.
ASKED = {**TENSORS, "joined": np.array([[row[2]] for row in LISTS], dtype=object)}
WHOLE: Array | None = None  # numbers and texts are no one array
OUTPUT_NAMES = CLASSES


def logits() -> Array:
    """Return what the graph computes first of the two rows, float64 (2, 1)."""
    age = np.array([[31], [NO_AGE]])
    city = np.array([[1.0], [2.0]])
    result: Array = age / 50 + city - TENSORS["joined"].astype(np.float64) / 10000
    return result


def expected() -> Array:
    """Return the probabilities of the two rows, float64 (2, 2)."""
    yes = 1 / (1 + np.exp(-logits()))
    return np.hstack([1 - yes, yes])


def inputs_for(task: Task = "classification") -> Inputs:
    """Return what a table must be that whether or how much is paid is learned from."""
    rules = {**COLUMN_RULES, "paid": TARGETS[task]}
    return Inputs(target="paid", task=task, rules=rules)


def graph(task: Task = "classification", column: str = "age") -> onnx.ModelProto:
    """Return a linear model that fills in what is missing itself.

    Args:
        task: Whether it answers with probabilities, or with one value.
        column: What its first column is called.
    """
    inputs = [
        helper.make_tensor_value_info(column, TensorProto.FLOAT, ["n", 1]),
        helper.make_tensor_value_info("home town", TensorProto.STRING, ["n", 1]),
        helper.make_tensor_value_info("joined", TensorProto.FLOAT, ["n", 1]),
    ]
    nodes = [
        helper.make_node("IsNaN", [column], ["empty"]),
        helper.make_node("Where", ["empty", "no_age", column], ["age_known"]),
        helper.make_node("Div", ["age_known", "fifty"], ["age_part"]),
        helper.make_node(
            "LabelEncoder",
            ["home town"],
            ["city_part"],
            domain="ai.onnx.ml",
            keys_strings=list(CITIES),
            values_floats=list(CITIES.values()),
            default_float=0.0,
        ),
        helper.make_node("Div", ["joined", "many"], ["joined_part"]),
        helper.make_node("Add", ["age_part", "city_part"], ["sum"]),
        helper.make_node("Sub", ["sum", "joined_part"], ["value"]),
    ]
    name, width = "value", 1
    if task == "classification":
        name, width = "probabilities", 2
        nodes += [
            helper.make_node("Sigmoid", ["value"], ["yes"]),
            helper.make_node("Sub", ["one", "yes"], ["no"]),
            helper.make_node("Concat", ["no", "yes"], [name], axis=1),
        ]
    constants = {"no_age": NO_AGE, "fifty": 50.0, "many": 10000.0, "one": 1.0}
    output = helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])
    return onnx_model(nodes, inputs, [output], constants)


def save(
    model_dir: Path,
    content: onnx.ModelProto | None = None,
    task: Task = "classification",
) -> Path:
    """Save a version that holds a graph; the one of this module if not given."""
    inputs = inputs_for(task)

    def write_files(folder: Path) -> dict[str, Any]:
        onnx.save_model(content or graph(task), folder / "model.onnx")
        return {"exports": {"onnx": 0.0}}

    return registry.save_version(
        model_dir, write_files, classes=inputs.classes, inputs=inputs, **FACTS
    )


#% include "onnx_model.py"
