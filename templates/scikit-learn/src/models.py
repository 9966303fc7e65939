"""The model: one scikit-learn pipeline from a table's columns to a prediction.

Yours: `CLASSIFIERS`, `REGRESSORS`, `SPACES` and `build_pipeline`. Imputation, encoding,
scaling and the estimator are fitted and saved as one, so that what serves a prediction
cannot differ from what was trained. Pure functions of frames: where data come from and
where models go is decided elsewhere.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import ensemble, linear_model, metrics, model_selection
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from skops import io as skops

from .adapter import MISSING, Labelled
from .config import ConfigError
from .files import careful

Target = npt.NDArray[np.int64] | npt.NDArray[np.float64]

LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")
MODEL_FILE = "model.skops"
MOST_CATEGORIES = 50  # rarer ones share a column

CLASSIFIERS = {
    "linear": linear_model.LogisticRegression(max_iter=1000),
    "forest": ensemble.RandomForestClassifier(n_estimators=200),
    "boosting": ensemble.HistGradientBoostingClassifier(),
    "sgd": linear_model.SGDClassifier(loss="log_loss"),
}
REGRESSORS = {
    "linear": linear_model.Ridge(),
    "forest": ensemble.RandomForestRegressor(n_estimators=200),
    "boosting": ensemble.HistGradientBoostingRegressor(),
    "sgd": linear_model.SGDRegressor(),
}
# What `tune` tries, from far too simple to far too flexible a model; on a logarithmic
# scale. A name or the import path of an estimator, its parameters, and their ranges.
SPACES: dict[str, dict[str, tuple[float, float]]] = {
    "linear": {"C": (1e-3, 1e3), "alpha": (1e-3, 1e3)},  # whichever it has
    "sgd": {"alpha": (1e-6, 1e-1), "eta0": (1e-3, 1.0)},
    "forest": {
        "max_depth": (2, 32),
        "min_samples_leaf": (1, 20),
        "max_features": (0.1, 1.0),
    },
    "boosting": {
        "learning_rate": (0.01, 0.5),
        "max_iter": (20, 300),
        "max_leaf_nodes": (4, 64),
        "min_samples_leaf": (5, 50),
        "l2_regularization": (1e-3, 10.0),
    },
}
TREES = ("sklearn.ensemble.", "sklearn.tree.", "lightgbm.", "xgboost.")
# skops loads what it knows to be harmless, and these, which hold types of arrays, of
# columns, and the numbers of trees. Add the types that an estimator of yours needs.
TRUSTED = (
    "numpy.dtype",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)


def build_pipeline(
    estimator: str = "linear",
    task: Literal["classification", "regression"] = "classification",
    parameters: Mapping[str, Any] | None = None,
    seed: int = 1,
) -> Pipeline:
    """Return a pipeline that is not fitted yet.

    Numbers: the median where there is none, mean 0 and variance 1; for trees, which need
    no scale, the former only. Categories: "(missing)" is one of them; one column of 0
    and 1 for each, or one number for trees, which need no distance between categories.
    Each step is one that skl2onnx converts.

    Args:
        estimator: `linear` (logistic or ridge regression), `forest` (of random trees),
            `boosting` (of trees on histograms), `sgd` (linear, learned in steps); or
            the import path of another class, such as sklearn.svm.SVC.
        task: Which of the two kinds a short name stands for.
        parameters: Those of the estimator, by its own names.
        seed: Of everything random.

    Returns:
        The steps `prepare`, a ColumnTransformer, and `model`.

    Raises:
        ConfigError: If there is no such estimator, or it has no such parameter.
    """
    model = make_estimator(estimator, task)
    given = {"random_state": seed, **(parameters or {})}
    known = model.get_params()
    unknown = sorted(set(parameters or {}) - set(known))
    if unknown:
        raise ConfigError(
            f"parameters: {type(model).__name__} has no {', '.join(unknown)}; it has "
            f"{', '.join(known)}"
        )
    model.set_params(**{name: given[name] for name in given if name in known})
    scale = [StandardScaler()]
    encode: Any = OneHotEncoder(
        handle_unknown="ignore", max_categories=MOST_CATEGORIES, sparse_output=False
    )
    if type(model).__module__.startswith(TREES):
        scale = []
        encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    median = SimpleImputer(strategy="median", keep_empty_features=True)
    text = SimpleImputer(strategy="constant", fill_value=MISSING)
    kinds = ["number", "bool"]
    numbers = make_column_selector(dtype_include=kinds)
    others = make_column_selector(dtype_exclude=kinds)
    prepare = ColumnTransformer(
        [
            ("number", make_pipeline(median, *scale), numbers),
            ("category", make_pipeline(text, encode), others),
        ]
    )
    return Pipeline([("prepare", prepare), ("model", model)])


def make_estimator(estimator: str, task: str) -> Any:
    """Return an estimator by its short name or import path."""
    choices = CLASSIFIERS if task == "classification" else REGRESSORS
    if estimator in choices:
        return type(choices[estimator])(**choices[estimator].get_params())
    module, _, name = estimator.rpartition(".")
    try:
        return getattr(import_module(module), name)()
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise ConfigError(f"estimator: {estimator}: {error}") from error


@contextmanager
def refused_parameters() -> Iterator[None]:
    """Turn what scikit-learn says of a bad parameter into a message to the user."""
    try:
        yield
    except ValueError as error:
        # Its InvalidParameterError is private; the message has the name and the range.
        if "parameter" not in str(error):
            raise
        raise ConfigError(f"parameters: {error}") from error


def train_model(pipeline: Pipeline, x_train: pd.DataFrame, y_train: Any) -> Pipeline:
    """Fit a pipeline, all its steps, and return it.

    Args:
        pipeline: From `build_pipeline`; it is changed.
        x_train: (n, columns), numbers or text, NaN where there is no value.
        y_train: (n,), classes or numbers.

    Raises:
        ConfigError: If a parameter's value is refused.
    """
    with refused_parameters():
        return pipeline.fit(x_train, y_train)


def train_in_chunks(
    pipeline: Pipeline, x_sample: pd.DataFrame, chunks: Iterable[Labelled], classes: int
) -> Pipeline:
    """Fit a pipeline to more rows than there is memory for, and return it.

    Args:
        pipeline: From `build_pipeline`; it is changed.
        x_sample: Rows from all over the table, which the preparation is fitted to.
        chunks: The training rows and their labels, in parts of any size.
        classes: The number of classes; 0 for a regression.

    Raises:
        ConfigError: If the estimator cannot learn in steps, or a parameter is refused.
    """
    prepare, model = pipeline["prepare"].fit(x_sample), pipeline["model"]
    if not hasattr(model, "partial_fit"):
        raise ConfigError(
            f"estimator: {type(model).__name__} needs all rows in memory, and the table "
            "is larger than in_memory_mb; take sgd, or raise that"
        )
    options = {"classes": np.arange(classes)} if classes else {}
    with refused_parameters():
        for features, labels in chunks:
            if len(labels):
                model.partial_fit(prepare.transform(features), labels, **options)
    return pipeline


def cross_validate(
    pipeline: Pipeline, x_train: pd.DataFrame, y_train: Target, folds: int = 5, seed: int = 1
) -> dict[str, list[float]]:
    """Fit and score a pipeline on parts of a training set, each left out once.

    Args:
        pipeline: From `build_pipeline`; it is not changed.
        x_train: (n, columns).
        y_train: (n,), classes as int64 or values as float64.
        folds: The number of parts, at most the rows of the rarest class.
        seed: Decides which rows go where.

    Returns:
        One score a part: `cv_accuracy` and `cv_loss` (cross-entropy, in nats), or
        `cv_r2` and `cv_rmse`.

    Raises:
        ConfigError: If there are too few rows, or a parameter's value is refused.
    """
    kind, scoring = model_selection.KFold, {
        "r2": "r2",
        "rmse": "neg_root_mean_squared_error",
    }
    fewest = len(y_train) // 2
    if y_train.dtype == np.int64:
        kind = model_selection.StratifiedKFold
        scoring = {"accuracy": "accuracy", "loss": "neg_log_loss"}
        fewest = int(np.bincount(y_train).min())
    if fewest < folds:
        raise ConfigError(
            f"folds: {folds} are too many for {fewest} rows, those of the rarest class "
            "or half of all; ask for fewer with --folds, or add rows"
        )
    parts = kind(folds, shuffle=True, random_state=seed)
    with refused_parameters():
        found = model_selection.cross_validate(
            pipeline, x_train, y_train, cv=parts, scoring=scoring, error_score="raise"
        )
    # scikit-learn turns losses round, so that more is better; here they are losses.
    return {
        f"cv_{name}": (found[f"test_{name}"] * (-1 if "neg_" in of else 1)).tolist()
        for name, of in scoring.items()
    }


def predict_outputs(pipeline: Pipeline, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return float64 (n, classes), probabilities; or (n, 1), predicted values."""
    if hasattr(pipeline, "predict_proba"):
        return np.asarray(pipeline.predict_proba(rows), dtype=np.float64)
    return np.asarray(pipeline.predict(rows), dtype=np.float64).reshape(-1, 1)


def evaluate_model(
    pipeline: Pipeline, x_test: pd.DataFrame, y_test: Any
) -> tuple[float, float]:
    """Score a fitted pipeline on rows it has not seen.

    Returns:
        Of a classifier, the cross-entropy in nats and the accuracy in [0, 1]; of a
        regression, the root mean squared error and R2.
    """
    outputs = predict_outputs(pipeline, x_test)
    if hasattr(pipeline, "predict_proba"):
        classes = pipeline.classes_
        loss = metrics.log_loss(y_test, outputs, labels=classes)
        return loss, metrics.accuracy_score(y_test, classes[outputs.argmax(axis=1)])
    loss = metrics.root_mean_squared_error(y_test, outputs)
    return loss, metrics.r2_score(y_test, outputs)


def score_outputs(
    outputs: npt.NDArray[np.float64], labels: Target, classes: Sequence[str]
) -> dict[str, Any]:
    """Return all scores of predictions.

    Args:
        outputs: float64 (n, classes) or (n, 1), from `predict_outputs`.
        labels: int64 or float64 (n,).
        classes: The name of each class; none for a regression.

    Returns:
        `accuracy`; `loss`, the cross-entropy in nats; `rows`; `classes`, with precision,
        recall, f1-score and support of each; and `confusion_matrix`, a row for each true
        class. Of a regression: `r2`, `mae`, `rmse` and `rows`.
    """
    if not classes:
        return {
            "r2": metrics.r2_score(labels, outputs),
            "mae": metrics.mean_absolute_error(labels, outputs),
            "rmse": metrics.root_mean_squared_error(labels, outputs),
            "rows": len(labels),
        }
    every, guess = range(len(classes)), outputs.argmax(axis=1)
    of_classes = metrics.precision_recall_fscore_support(
        labels, guess, labels=every, zero_division=0.0
    )
    names = ("precision", "recall", "f1-score", "support")
    return {
        "accuracy": metrics.accuracy_score(labels, guess),
        "loss": metrics.log_loss(labels, outputs, labels=every),
        "rows": len(labels),
        "classes": {
            name: dict(zip(names, map(float, values), strict=True))
            for name, *values in zip(classes, *of_classes, strict=True)
        },
        "confusion_matrix": metrics.confusion_matrix(labels, guess, labels=every).tolist(),
    }


def save_model(pipeline: Pipeline, folder: Path) -> None:
    """Write a fitted pipeline to a folder, and make sure that it can be loaded again.

    In the format of skops, and not as a pickle: loading it runs no code from the file.

    Raises:
        FileError: If it holds a type that skops does not trust; see `TRUSTED`.
    """
    skops.dump(pipeline, folder / MODEL_FILE)
    load_model(folder)


def load_model(folder: Path) -> Pipeline:
    """Load what `save_model` wrote.

    Raises:
        FileError: If the file is damaged, or holds a type that is neither one of skops'
            own list nor of `TRUSTED`.
    """
    file = folder / MODEL_FILE
    with careful(file, "if the estimator is yours, add its types to TRUSTED in models.py"):
        pipeline = skops.load(file, trusted=list(TRUSTED))
        if not isinstance(pipeline, Pipeline):
            raise TypeError(f"it holds a {type(pipeline).__name__}, no pipeline")
    return pipeline
