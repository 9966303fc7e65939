"""Forests and boosted trees as ONNX: one node that holds all trees.

skl2onnx 1.20 fails on scikit-learn 1.9's boosting, and on forests of float64. What a
node adds up is float32 whatever its inputs are, so that is kept small: a constant that
all predictions share is added afterwards, in float64.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, numpy_helper
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from .agreement import ExportError
from .graphs import Graph

Array = npt.NDArray[Any]

LEAF = -1  # the child of a leaf, in a forest
# Losses of boosting whose sums are the logarithm of what is predicted.
LOGARITHMIC = ("gamma", "poisson")


class Tree(NamedTuple):
    """The nodes of a tree, as arrays; the first one is the root.

    Attributes:
        left: int64, the node for rows up to the threshold.
        right: int64, the node for the others.
        feature: int64, what is compared.
        threshold: float64, what with.
        leaf: bool, whether the tree ends here.
        value: float64 (nodes, targets), what a leaf adds to each of some targets.
        target: The first of these targets.
    """

    left: Array
    right: Array
    feature: Array
    threshold: Array
    leaf: Array
    value: Array
    target: int = 0


def forest_trees(forest: Any) -> list[Tree]:
    """Return the trees of a random forest; their sum is its prediction."""
    trees = []
    for each in forest.estimators_:
        tree = each.tree_
        leaf = tree.children_left == LEAF
        trees.append(
            Tree(
                np.where(leaf, 0, tree.children_left),
                np.where(leaf, 0, tree.children_right),
                np.where(leaf, 0, tree.feature),
                np.where(leaf, 0, tree.threshold),
                leaf,
                tree.value[:, 0, :] / len(forest.estimators_),
            )
        )
    return trees


def boosted_trees(model: Any) -> list[Tree]:
    """Return the trees of a HistGradientBoosting model; what they sum up to is raw.

    Raises:
        ExportError: If a tree splits by categories, not by numbers.
    """
    trees = []
    for iteration in model._predictors:
        for target, predictor in enumerate(iteration):
            nodes = predictor.nodes
            if nodes["is_categorical"].any():
                raise ExportError(
                    f"{type(model).__name__} with categorical_features cannot be "
                    "converted; train without that parameter"
                )
            leaf = nodes["is_leaf"].astype(bool)
            trees.append(
                Tree(
                    nodes["left"].astype(np.int64),
                    nodes["right"].astype(np.int64),
                    nodes["feature_idx"].astype(np.int64),
                    np.where(leaf, 0, nodes["num_threshold"]),
                    leaf,
                    nodes["value"][:, np.newaxis],
                    target,
                )
            )
    return trees


def summed(graph: Graph, features: str, trees: Iterable[Tree], targets: int) -> str:
    """Add one node with trees; return what they sum up to, float64 (n, targets).

    Args:
        graph: To add to.
        features: The name of a value, float64 (n, k), without NaN.
        trees: The trees.
        targets: The number of sums.
    """
    columns: dict[str, list[Array]] = {}
    weights: list[Array] = []

    def note(**parts: Array) -> None:
        for name, part in parts.items():
            columns.setdefault(name, []).append(part)

    for number, tree in enumerate(trees):
        size = len(tree.leaf)
        modes = np.where(tree.leaf, b"LEAF", b"BRANCH_LEQ")
        note(
            nodes_treeids=np.full(size, number),
            nodes_nodeids=np.arange(size),
            nodes_featureids=tree.feature,
            nodes_truenodeids=tree.left,
            nodes_falsenodeids=tree.right,
            nodes_modes=modes,
        )
        note(thresholds=tree.threshold)
        ends = np.flatnonzero(tree.leaf)
        each = tree.value.shape[1]
        note(
            target_treeids=np.full(len(ends) * each, number),
            target_nodeids=np.repeat(ends, each),
            target_ids=np.tile(np.arange(tree.target, tree.target + each), len(ends)),
        )
        weights.append(tree.value[ends].ravel())
    thresholds = np.concatenate(columns.pop("thresholds")).astype(np.float64)
    found = graph.add(
        "TreeEnsembleRegressor",
        features,
        domain="ai.onnx.ml",
        n_targets=targets,
        nodes_values_as_tensor=numpy_helper.from_array(thresholds, "thresholds"),
        target_weights_as_tensor=numpy_helper.from_array(
            np.concatenate(weights), "weights"
        ),
        **{name: np.concatenate(parts).tolist() for name, parts in columns.items()},
    )
    return graph.cast(found, TensorProto.DOUBLE)


def rounded(graph: Graph, features: str) -> str:
    """Round features to float32, as a forest does before it compares them."""
    return graph.cast(graph.cast(features, TensorProto.FLOAT), TensorProto.DOUBLE)


def forest_classifier(graph: Graph, features: str, forest: Any) -> str:
    """Add a forest; return its probabilities, the mean of those of its trees."""
    classes = len(forest.classes_)
    return summed(graph, rounded(graph, features), forest_trees(forest), classes)


def forest_regressor(graph: Graph, features: str, forest: Any) -> str:
    """Add a forest; return its values, the mean of those of its trees."""
    trees = forest_trees(forest)
    # A tree's root has the mean of its rows: what is left to sum is the spread.
    middle = sum(tree.value[0, 0] for tree in trees)
    centred = [tree._replace(value=tree.value - middle / len(trees)) for tree in trees]
    spread = summed(graph, rounded(graph, features), centred, 1)
    return graph.add("Add", spread, graph.constant(middle))


def boosting_classifier(graph: Graph, features: str, model: Any) -> str:
    """Add boosted trees; return the probabilities of all classes."""
    raw = boosted(graph, features, model)
    if len(model.classes_) > 2:
        return graph.add("Softmax", raw, axis=1)
    second = graph.add("Sigmoid", raw)
    first = graph.add("Sub", graph.constant(1), second)
    return graph.joined([first, second])


def boosting_regressor(graph: Graph, features: str, model: Any) -> str:
    """Add boosted trees; return their values."""
    raw = boosted(graph, features, model)
    return graph.add("Exp", raw) if model.loss in LOGARITHMIC else raw


def boosted(graph: Graph, features: str, model: Any) -> str:
    """Add boosted trees; return their sums, float64 (n, targets)."""
    start = np.reshape(model._baseline_prediction, (1, -1))
    sums = summed(graph, features, boosted_trees(model), start.shape[1])
    return graph.add("Add", sums, graph.constant(start))


CONVERTERS: dict[type[Any], Callable[[Graph, str, Any], str]] = {
    HistGradientBoostingClassifier: boosting_classifier,
    HistGradientBoostingRegressor: boosting_regressor,
    RandomForestClassifier: forest_classifier,
    RandomForestRegressor: forest_regressor,
}
