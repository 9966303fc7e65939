"""Trees as ONNX: where a number is compared, and what is refused."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
from onnx import TensorProto, helper
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)

from {{ cookiecutter.package_name }}.agreement import ExportError
from {{ cookiecutter.package_name }}.graphs import IR_VERSION, OPSETS, Graph
from {{ cookiecutter.package_name }}.tree_graphs import CONVERTERS

Array = npt.NDArray[np.float64]


def run(model: Any, features: Array) -> Array:
    """Predict with the graph of an estimator alone."""
    graph = Graph()
    found = CONVERTERS[type(model)](graph, "features", model)
    double = TensorProto.DOUBLE
    proto = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "trees",
            [helper.make_tensor_value_info("features", double, ["n", "k"])],
            [helper.make_tensor_value_info(found, double, ["n", "m"])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid(*each) for each in OPSETS.items()],
        ir_version=IR_VERSION,
    )
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    return np.asarray(session.run([found], {"features": features})[0])


def table(rows: int = 200) -> tuple[Array, Array]:
    """Return features that lie close together, and a target that follows from them."""
    random = np.random.default_rng(0)
    features = 1000 + random.random((rows, 3)) * 1e-3
    return features, 1e3 * (features[:, 0] - 1000) + 5


@pytest.mark.parametrize(
    "model",
    [
        RandomForestRegressor(n_estimators=5, random_state=0),
        HistGradientBoostingRegressor(max_iter=5),
        HistGradientBoostingRegressor(max_iter=5, loss="poisson"),
        HistGradientBoostingRegressor(max_iter=5, loss="gamma"),
        HistGradientBoostingRegressor(max_iter=5, loss="absolute_error"),
    ],
    ids=str,
)
def test_rows_at_a_threshold_go_the_same_way(model: Any) -> None:
    features, target = table()
    model.fit(features, target)
    # Every threshold of the first tree, the next number above it, and the one below.
    if isinstance(model, RandomForestRegressor):
        tree = model.estimators_[0].tree_
        column, limits = tree.feature[0], tree.threshold[:1]
    else:
        nodes = model._predictors[0][0].nodes
        column, limits = nodes["feature_idx"][0], nodes["num_threshold"][:1]
    edge = np.concatenate([np.nextafter(limits, 0), limits, np.nextafter(limits, 1e9)])
    rows = np.repeat(features[:1], len(edge), axis=0)
    rows[:, column] = edge
    rows = np.concatenate([rows, features])
    expected = model.predict(rows)
    np.testing.assert_allclose(run(model, rows)[:, 0], expected, rtol=1e-6)


def test_a_tree_without_a_split_is_converted() -> None:
    features, _ = table(10)
    model = HistGradientBoostingRegressor(max_iter=2).fit(features, np.arange(10.0))
    np.testing.assert_allclose(run(model, features)[:, 0], model.predict(features))


def test_splits_by_categories_are_refused_by_name() -> None:
    features = np.tile(np.arange(4.0), 50)[:, np.newaxis]
    target = np.isin(features[:, 0], [0, 2])
    model = HistGradientBoostingClassifier(max_iter=2, categorical_features=[0])
    model.fit(features, target)
    with pytest.raises(ExportError, match="with categorical_features cannot be"):
        run(model, features)
