"""Graphs of pipelines: inputs and outputs, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from onnx import TensorProto
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

from {{ cookiecutter.package_name }} import graphs, models
from {{ cookiecutter.package_name }}.agreement import ExportError
from {{ cookiecutter.package_name }}.inputs import Inputs, Task

FRAME = pd.DataFrame(
    {"_age": [1.0, 2.0, np.nan, 4.0], "home town": ["Köln", None, "Ulm", "Köln"]}
)
TARGET = np.array([0, 1, 1, 0])


def fitted(frame: pd.DataFrame, task: Task = "classification") -> Pipeline:
    """Return a linear pipeline of a table."""
    pipeline = models.build_pipeline(inputs_of(frame, task).columns, task)
    return models.train_model(pipeline, frame, TARGET)


def inputs_of(frame: pd.DataFrame, task: Task = "classification") -> Inputs:
    """Return what the manifest would say of a table."""
    columns = {
        str(name): "number" if frame[name].dtype == np.float64 else "category"
        for name in frame
    }
    return Inputs.model_validate({"target": "paid", "task": task, "columns": columns})


@pytest.mark.parametrize(
    ("task", "name", "kind", "width"),
    [
        ("classification", "probabilities", TensorProto.FLOAT, 2),
        ("regression", "value", TensorProto.DOUBLE, 1),
    ],
)
def test_inputs_are_the_columns_and_the_output_is_one(
    task: Task, name: str, kind: int, width: int
) -> None:
    graph = graphs.convert(fitted(FRAME, task), inputs_of(FRAME, task)).graph
    found = [(each.name, each.type.tensor_type.elem_type) for each in graph.input]
    assert found == [
        ("_age", TensorProto.DOUBLE),
        ("home town", TensorProto.STRING),
    ]
    (output,) = graph.output
    assert (output.name, output.type.tensor_type.elem_type) == (name, kind)
    batch, columns = output.type.tensor_type.shape.dim
    assert batch.dim_param == "batch" and columns.dim_value == width


@pytest.mark.parametrize("columns", [["_age"], ["home town"]])
def test_a_table_may_have_one_kind_of_columns(columns: list[str]) -> None:
    frame = FRAME[columns]
    graph = graphs.convert(fitted(frame), inputs_of(frame)).graph
    assert [each.name for each in graph.input] == columns


def test_a_column_called_like_the_output_is_refused() -> None:
    frame = FRAME.rename(columns={"_age": "probabilities"})
    with pytest.raises(ExportError, match="column 'probabilities' is called like"):
        graphs.convert(fitted(frame), inputs_of(frame))


def test_steps_that_nobody_has_converted_are_refused_by_name() -> None:
    pipeline = models.build_pipeline(inputs_of(FRAME).columns, "classification")
    _, steps, _ = pipeline.named_steps["prepare"].transformers[0]
    steps.steps[1] = ("minmaxscaler", MinMaxScaler())
    models.train_model(pipeline, FRAME, TARGET)
    with pytest.raises(ExportError, match="'number' has the steps.*MinMaxScaler"):
        graphs.convert(pipeline, inputs_of(FRAME))


def test_an_estimator_that_cannot_be_converted_is_refused_by_name() -> None:
    class Unknown(LogisticRegression):  # type: ignore[misc]
        """A classifier that skl2onnx has never heard of."""

    pipeline = fitted(FRAME)
    model = pipeline.named_steps["model"]
    model.__class__ = Unknown
    with pytest.raises(ExportError, match="cannot convert Unknown"):
        graphs.convert(pipeline, inputs_of(FRAME))
