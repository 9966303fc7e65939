"""A fitted pipeline as an ONNX graph: from a table's columns to a prediction.

What scikit-learn's steps learned becomes constants of the graph. Every column is an
input of its own, called like the column. Numbers are float64 throughout, as they are in
scikit-learn: in float32, a value next to a tree's threshold falls on the other side.

Estimators are converted by skl2onnx, but for trees (see tree_graphs.py). Their
preparation is converted here: skl2onnx 1.20 knows neither the indicators of
SimpleImputer nor the infrequent categories of OneHotEncoder.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from .agreement import PROBABILITIES, VALUE, ExportError
from .inputs import Inputs

# Read by ONNX Runtime from 1.14 (2023) on.
OPSETS = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 8
FEATURES = "features"  # what an estimator's graph calls its input
TYPES = {"number": TensorProto.DOUBLE, "category": TensorProto.STRING}


class Graph:
    """Nodes and constants of a graph, while it is built.

    Attributes:
        prefix: What the names of values inside the graph start with, and no column's.
        nodes: The nodes so far, each after those it needs.
        constants: The constants so far.
    """

    def __init__(self, columns: Sequence[str] = ()) -> None:
        """Start a graph whose inputs have the names of columns."""
        self.prefix = "_"
        while any(name.startswith(self.prefix) for name in columns):
            self.prefix += "_"
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: npt.ArrayLike, dtype: Any = np.float64) -> str:
        """Add a constant and return its name."""
        name = f"{self.prefix}constant{len(self.constants)}"
        array = np.ascontiguousarray(np.asarray(values, dtype=dtype))
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def add(
        self, operator: str, *inputs: str, domain: str = "", **settings: Any
    ) -> str:
        """Add a node with one output and return that output's name."""
        name = f"{self.prefix}{operator}{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(operator, inputs, [name], domain=domain, **settings)
        )
        return name

    def cast(self, value: str, to: int) -> str:
        """Change the type of a value."""
        return self.add("Cast", value, to=to)

    def joined(self, values: Sequence[str]) -> str:
        """Put values of shape (n, ...) side by side."""
        return self.add("Concat", *values, axis=1) if len(values) > 1 else values[0]


def convert(pipeline: Pipeline, inputs: Inputs) -> onnx.ModelProto:
    """Return a pipeline as an ONNX model.

    Args:
        pipeline: From `models.train_model`: `prepare` and `model`.
        inputs: The columns that it was fitted to.

    Returns:
        A model with an input (n, 1) for each column, float64 or string, where a missing
        number is NaN and a missing category `models.MISSING`; and one output,
        `probabilities` float32 (n, classes) or `value` float64 (n, 1).

    Raises:
        ExportError: If a step or the estimator cannot be converted, or a column is
            called like the output.
    """
    output = PROBABILITIES if inputs.task == "classification" else VALUE
    if output in inputs.columns:
        raise ExportError(
            f"the column {output!r} is called like the output of an exported model; "
            "rename it and train again"
        )
    graph = Graph(list(inputs.columns))
    features = graph.joined(
        [
            value
            for kind, steps, columns in pipeline.named_steps["prepare"].transformers_
            for value in prepared(graph, kind, steps, list(columns))
        ]
    )
    estimator = pipeline.named_steps["model"]
    found = estimated(graph, features, estimator, inputs.task == "classification")
    if output == PROBABILITIES:
        kind = TensorProto.FLOAT
        columns_out = len(estimator.classes_)
        graph.nodes.append(helper.make_node("Cast", [found], [output], to=kind))
    else:
        kind, columns_out = TensorProto.DOUBLE, 1
        shape = graph.constant([-1, 1], np.int64)
        graph.nodes.append(helper.make_node("Reshape", [found, shape], [output]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "pipeline",
            [value_info(name, TYPES[each], 1) for name, each in inputs.columns.items()],
            [value_info(output, kind, columns_out)],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid(*each) for each in OPSETS.items()],
        ir_version=IR_VERSION,
        producer_name=__package__,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def value_info(name: str, kind: int, columns: int) -> onnx.ValueInfoProto:
    """Describe an input or output of any number of rows."""
    return helper.make_tensor_value_info(name, kind, ["batch", columns])


def prepared(graph: Graph, kind: str, steps: Any, columns: list[str]) -> list[str]:
    """Add the preparation of the columns of one kind.

    Returns:
        The names of float64 values (n, k), to be put side by side.

    Raises:
        ExportError: If a step is none that is known here.
    """
    if not columns:
        return []
    named = {type(step): step for _, step in getattr(steps, "steps", [])}
    if kind == "number" and named.keys() == {SimpleImputer, StandardScaler}:
        return [numbers(graph, named[SimpleImputer], named[StandardScaler], columns)]
    # What fills in missing categories has done so before: they are texts already.
    if kind == "category" and named.keys() == {SimpleImputer, OneHotEncoder}:
        return one_hot(graph, named[OneHotEncoder], columns)
    if kind == "category" and named.keys() == {SimpleImputer, OrdinalEncoder}:
        return ordinal(graph, named[OrdinalEncoder], columns)
    raise ExportError(
        f"the preparation {kind!r} has the steps {[each.__name__ for each in named]}, "
        "which graphs.py cannot convert; add them there"
    )


def numbers(
    graph: Graph, imputer: SimpleImputer, scaler: StandardScaler, columns: list[str]
) -> str:
    """Add imputation, indicators of missing values and scaling; float64 (n, k)."""
    values = graph.joined(columns)  # (n, columns)
    missing = graph.add("IsNaN", values)
    filled = graph.add("Where", missing, graph.constant(imputer.statistics_), values)
    indicators = imputer.indicator_.features_ if imputer.add_indicator else []
    if len(indicators):
        chosen = graph.add(
            "Gather", missing, graph.constant(indicators, np.int64), axis=1
        )
        filled = graph.joined([filled, graph.cast(chosen, TensorProto.DOUBLE)])
    if scaler.with_mean:
        filled = graph.add("Sub", filled, graph.constant(scaler.mean_))
    if scaler.with_std:
        filled = graph.add("Div", filled, graph.constant(scaler.scale_))
    return filled


def one_hot(graph: Graph, encoder: OneHotEncoder, columns: list[str]) -> list[str]:
    """Add a column of 0 and 1 for each category; rare and unseen ones share the last.

    Where no category was rare, an unseen one has 0 in all columns.
    """
    values = []
    for name, categories, rare in zip(
        columns,
        encoder.categories_,
        getattr(encoder, "infrequent_categories_", [None] * len(columns)),
        strict=True,
    ):
        shared = set() if rare is None else set(rare)
        own = [text for text in categories if text not in shared]
        width = len(own) + bool(shared)
        codes = coded(graph, name, own, unseen=len(own))
        equal = graph.add("Equal", codes, graph.constant(np.arange(width), np.int64))
        values.append(graph.cast(equal, TensorProto.DOUBLE))
    return values


def ordinal(graph: Graph, encoder: OrdinalEncoder, columns: list[str]) -> list[str]:
    """Add the number of each category; -1 for unseen ones."""
    return [
        graph.cast(coded(graph, name, list(texts), unseen=-1), TensorProto.DOUBLE)
        for name, texts in zip(columns, encoder.categories_, strict=True)
    ]


def coded(graph: Graph, column: str, texts: Sequence[str], unseen: int) -> str:
    """Add the numbers, int64 (n, 1), of texts in a list; `unseen` for all others."""
    return graph.add(
        "LabelEncoder",
        column,
        domain="ai.onnx.ml",
        keys_strings=list(texts),
        values_int64s=list(range(len(texts))),
        default_int64=unseen,
    )


def estimated(graph: Graph, features: str, estimator: Any, classify: bool) -> str:
    """Add an estimator; return the name of its probabilities or values.

    Raises:
        ExportError: If it cannot be converted.
    """
    from . import tree_graphs

    for kind, add in tree_graphs.CONVERTERS.items():
        if isinstance(estimator, kind):
            return add(graph, features, estimator)
    import skl2onnx
    from skl2onnx.common.data_types import DoubleTensorType
    from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs

    try:
        model = skl2onnx.to_onnx(
            estimator,
            initial_types=[
                (FEATURES, DoubleTensorType([None, estimator.n_features_in_]))
            ],
            options={"zipmap": False} if classify else None,
            target_opset=OPSETS,
        )
    except (MissingConverter, MissingShapeCalculator, NotImplementedError) as error:
        raise ExportError(
            f"skl2onnx cannot convert {type(estimator).__name__}: {error}; train with "
            "another estimator"
        ) from error
    output = PROBABILITIES if classify else model.graph.output[0].name
    part = onnx.compose.add_prefix(
        select_model_inputs_outputs(model, outputs=[output]), f"{graph.prefix}model_"
    )
    graph.nodes.append(
        helper.make_node("Identity", [features], [part.graph.input[0].name])
    )
    graph.nodes.extend(part.graph.node)
    used = {name for node in part.graph.node for name in node.input}
    graph.constants.extend(each for each in part.graph.initializer if each.name in used)
    return str(part.graph.output[0].name)
