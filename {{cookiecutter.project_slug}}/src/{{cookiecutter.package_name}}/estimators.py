"""The estimators that have a short name: how to make, tune and load them.

Yours: `ESTIMATORS`. Any other class goes by its import path, but `tune` does not know
what to try of it, and skops may refuse to load it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pkgutil import resolve_name
from typing import Any, NamedTuple

from sklearn import ensemble, linear_model, neighbors, neural_network
from sklearn.base import is_classifier

from .config import ConfigError


def load(path: str, **parameters: Any) -> Any:
    """Make an estimator of a library that need not be there, by its import path."""
    return resolve_name(path)(**parameters)


class Estimator(NamedTuple):
    """What is known of an estimator: how to make it, tune it and load it."""

    classifier: Callable[[], Any]
    regressor: Callable[[], Any]
    # What `tune` tries, from far too simple to far too flexible a model: the smallest
    # and the largest value, on a logarithmic scale; whole numbers, if these are.
    space: Mapping[str, tuple[float, float]] = {}
    trusted: tuple[str, ...] = ()  # the types that skops names when it refuses a model


ESTIMATORS = {
    "linear": Estimator(
        partial(linear_model.LogisticRegression, max_iter=1000),
        linear_model.Ridge,
        {"C": (1e-3, 1e3), "alpha": (1e-3, 1e3)},  # one has C, the other alpha
    ),
    "sgd": Estimator(
        partial(linear_model.SGDClassifier, loss="log_loss"),
        linear_model.SGDRegressor,
        {"alpha": (1e-6, 1e-1)},
    ),
    "forest": Estimator(
        partial(ensemble.RandomForestClassifier, n_estimators=200),
        partial(ensemble.RandomForestRegressor, n_estimators=200),
        {"max_depth": (2, 32), "min_samples_leaf": (1, 20), "max_features": (0.1, 1.0)},
        ("sklearn.tree._tree.Tree",),
    ),
    "boosting": Estimator(
        ensemble.HistGradientBoostingClassifier,
        ensemble.HistGradientBoostingRegressor,
        {
            "learning_rate": (0.01, 0.5),
            "max_iter": (20, 300),
            "max_leaf_nodes": (4, 64),
            "min_samples_leaf": (5, 50),
            "l2_regularization": (1e-3, 10.0),
        },
        ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",),
    ),
    "knn": Estimator(
        neighbors.KNeighborsClassifier,
        neighbors.KNeighborsRegressor,
        {"n_neighbors": (1, 50)},
        (
            "sklearn.metrics._dist_metrics.EuclideanDistance64",
            "sklearn.neighbors._kd_tree.KDTree",
        ),
    ),
    "mlp": Estimator(
        partial(neural_network.MLPClassifier, max_iter=500),
        partial(neural_network.MLPRegressor, max_iter=500),
        {"alpha": (1e-5, 10.0), "learning_rate_init": (1e-4, 1e-1)},
        ("sklearn.neural_network._stochastic_optimizers.AdamOptimizer",),
    ),
    "lightgbm": Estimator(  # which is not installed: add it to pyproject.toml
        partial(load, "lightgbm.LGBMClassifier", verbosity=-1),
        partial(load, "lightgbm.LGBMRegressor", verbosity=-1),
        {"learning_rate": (0.01, 0.5), "num_leaves": (4, 64)},
        (
            "collections.OrderedDict",
            "collections.defaultdict",
            "lightgbm.basic.Booster",
            "lightgbm.sklearn.LGBMClassifier",
            "lightgbm.sklearn.LGBMRegressor",
        ),
    ),
    "xgboost": Estimator(  # the same
        partial(load, "xgboost.XGBClassifier"),
        partial(load, "xgboost.XGBRegressor"),
        {"learning_rate": (0.01, 0.5), "max_depth": (2, 10)},
        (
            "xgboost.core.Booster",
            "xgboost.sklearn.XGBClassifier",
            "xgboost.sklearn.XGBRegressor",
        ),
    ),
}
TREES = ("sklearn.ensemble.", "sklearn.tree.", "lightgbm.", "xgboost.")
# skops loads what it knows to be harmless, and these, which hold numbers and types.
TRUSTED = (
    "numpy.dtype",
    "sklearn.compose._column_transformer.make_column_selector",
    *(name for each in ESTIMATORS.values() for name in each.trusted),
)


def make_estimator(estimator: str, task: str) -> Any:
    """Return an estimator by its short name or import path, or raise ConfigError."""
    if "." not in estimator and estimator not in ESTIMATORS:
        names = ", ".join(ESTIMATORS)
        raise ConfigError(f"estimator: {estimator}: no import path, and not {names}")
    by_path = partial(load, estimator)
    known = ESTIMATORS.get(estimator, Estimator(by_path, by_path))
    classifies = task == "classification"
    try:
        model = known.classifier() if classifies else known.regressor()
        if is_classifier(model) != classifies:
            raise ValueError(f"it is not for a {task}")
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise ConfigError(f"estimator: {estimator}: {error}") from error
    return model
