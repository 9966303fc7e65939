"""The model: one scikit-learn pipeline from a table's columns to a prediction.

Yours: `CLASSIFIERS`, `REGRESSORS` and `build_pipeline`. Imputation, encoding, scaling
and the estimator are fitted and saved as one, so that what serves a prediction cannot
differ from what was trained.
"""

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn import ensemble, linear_model, metrics, model_selection
from sklearn.base import clone, is_classifier
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.utils import shuffle
from skops import io as skops

from .adapter import MISSING, Array, Labelled
from .config import ConfigError
from .files import careful

LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")
MODEL_FILE = "model.skops"
# Rarer categories share a column; those that come up later have none.
ONE_HOT = {"max_categories": 50, "handle_unknown": "ignore", "sparse_output": False}

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
TREES = ("sklearn.ensemble.", "sklearn.tree.", "lightgbm.", "xgboost.")
# skops loads what it knows to be harmless, and these, which hold numbers and types.
# Add those that it names when it refuses an estimator of yours.
TRUSTED = (
    "numpy.dtype",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.tree._tree.Tree",
)


def build_pipeline(
    estimator: str = "linear",
    task: Literal["classification", "regression"] = "classification",
    parameters: Mapping[str, Any] | None = None,
    seed: int = 1,
) -> Pipeline:
    """Return a pipeline of the steps `prepare`, a ColumnTransformer, and `model`.

    Numbers: the median where there is none; mean 0 and variance 1, but for trees.
    Categories: "(missing)" is one of them; a column of 0 and 1 for each, or one number
    for trees. skl2onnx can convert each of these steps.

    Args:
        estimator: `linear` (logistic or ridge regression), `forest`, `boosting` (of
            trees), `sgd` (linear, learned in steps); or the import path of any other
            class, such as sklearn.svm.SVR.
        task: Which of the two kinds a short name stands for.
        parameters: Those of the estimator, by its own names.
        seed: Of everything random.

    Raises:
        ConfigError: If there is no such estimator, or it has no such parameter.
    """
    model = make_estimator(estimator, task)
    seeded = {"random_state": seed} if "random_state" in model.get_params() else {}
    try:
        model.set_params(**{**seeded, **(parameters or {})})
    except (ValueError, TypeError) as error:
        raise ConfigError(f"parameters: {error}") from error
    scale, encode = [StandardScaler()], OneHotEncoder(**ONE_HOT)
    if type(model).__module__.startswith(TREES):
        scale = []
        encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    median = SimpleImputer(strategy="median", keep_empty_features=True)
    text = SimpleImputer(strategy="constant", fill_value=MISSING)
    numbers = make_column_selector(dtype_include=["number", "bool"])
    others = make_column_selector(dtype_exclude=["number", "bool"])
    prepare = ColumnTransformer(
        [
            ("number", make_pipeline(median, *scale), numbers),
            ("category", make_pipeline(text, encode), others),
        ]
    )
    return Pipeline([("prepare", prepare), ("model", model)])


def make_estimator(estimator: str, task: str) -> Any:
    """Return an estimator by its short name or import path; see `build_pipeline`."""
    choices = CLASSIFIERS if task == "classification" else REGRESSORS
    if estimator in choices:
        return clone(choices[estimator])
    module, _, name = estimator.rpartition(".")
    try:
        model = getattr(import_module(module), name)()
        if is_classifier(model) != (task == "classification"):
            raise ValueError(f"it is not for a {task}")
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise ConfigError(f"estimator: {estimator}: {error}") from error
    return model


def train_model(pipeline: Pipeline, x_train: pd.DataFrame, y_train: Any) -> Pipeline:
    """Fit a pipeline to rows (n, columns), NaN where there is no value; return it."""
    return pipeline.fit(x_train, y_train)


def train_in_chunks(
    pipeline: Pipeline, x_sample: pd.DataFrame, chunks: Iterable[Labelled], classes: int
) -> Pipeline:
    """Fit a pipeline to more rows than there is memory for, and return it.

    The preparation is fitted to rows from all over the table; the estimator, which has
    `partial_fit`, to chunks of rows and labels. A regression has 0 classes.
    """
    prepare, model = pipeline["prepare"].fit(x_sample), pipeline["model"]
    options = {"classes": np.arange(classes)} if classes else {}
    for features, labels in chunks:
        if len(labels):
            model.partial_fit(prepare.transform(features), labels, **options)
    return pipeline


def cross_validate(
    pipeline: Pipeline,
    x_train: pd.DataFrame,
    y_train: Array,
    folds: int = 5,
    seed: int = 1,
) -> dict[str, list[float]]:
    """Fit and score a pipeline on parts of a training set, each left out once.

    Args:
        pipeline: From `build_pipeline`.
        x_train: (n, columns).
        y_train: (n,), classes as int64 or values as float64.
        folds: The number of parts.
        seed: Decides which rows go where.

    Returns:
        A score a part: `cv_accuracy`, `cv_loss` (in nats); or `cv_r2`, `cv_rmse`.

    Raises:
        ConfigError: If scikit-learn refuses folds or parameters.
    """
    scoring = {"r2": "r2", "rmse": "neg_root_mean_squared_error"}
    if is_classifier(pipeline):  # the folds are stratified, then
        scoring = {"accuracy": "accuracy", "loss": "neg_log_loss"}
    rows, labels = shuffle(x_train, y_train, random_state=seed)
    try:
        found = model_selection.cross_validate(
            pipeline, rows, labels, cv=folds, scoring=scoring, error_score="raise"
        )
    except (ValueError, AttributeError) as error:
        raise ConfigError(f"folds, estimator or parameters: {error}") from error
    # scikit-learn turns losses round, so that more is better; here they are losses.
    return {
        f"cv_{name}": (found[f"test_{name}"] * (-1 if "neg_" in of else 1)).tolist()
        for name, of in scoring.items()
    }


def predict_outputs(pipeline: Pipeline, rows: pd.DataFrame) -> Array:
    """Return float64 (n, classes), probabilities; or (n, 1), predicted values."""
    if is_classifier(pipeline):
        return np.asarray(pipeline.predict_proba(rows), dtype=np.float64)
    return np.asarray(pipeline.predict(rows), dtype=np.float64).reshape(-1, 1)


def evaluate_model(
    pipeline: Pipeline, x_test: pd.DataFrame, y_test: Any
) -> tuple[float, float]:
    """Return the cross-entropy in nats and the accuracy, on rows it has not seen.

    Of a regression: the root mean squared error and R2.
    """
    outputs, score = predict_outputs(pipeline, x_test), pipeline.score(x_test, y_test)
    if is_classifier(pipeline):
        return metrics.log_loss(y_test, outputs, labels=pipeline.classes_), score
    return metrics.root_mean_squared_error(y_test, outputs), score


def score_outputs(
    outputs: Array, labels: Array, classes: Sequence[str]
) -> dict[str, Any]:
    """Return all scores of what `predict_outputs` said; labels: int64 or float64 (n,).

    `accuracy`; `loss`, the cross-entropy in nats; `rows`; of `classes` precision,
    recall, f1-score and support; `confusion_matrix`, a row for each true class. Of a
    regression, which has no classes: `r2`, `mae`, `rmse`, `rows`.
    """
    if not len(classes):
        return {
            "r2": metrics.r2_score(labels, outputs),
            "mae": metrics.mean_absolute_error(labels, outputs),
            "rmse": metrics.root_mean_squared_error(labels, outputs),
            "rows": len(labels),
        }
    guess, every = outputs.argmax(axis=1), range(len(classes))
    confusion = metrics.confusion_matrix(labels, guess, labels=every)
    table = metrics.classification_report(
        labels, guess, labels=every, output_dict=True, zero_division=0.0
    )
    return {
        "accuracy": metrics.accuracy_score(labels, guess),
        "loss": metrics.log_loss(labels, outputs, labels=every),
        "rows": len(labels),
        "classes": {name: table[str(number)] for number, name in enumerate(classes)},
        "confusion_matrix": confusion.tolist(),
    }


def save_model(pipeline: Pipeline, folder: Path) -> None:
    """Write a fitted pipeline by skops, not as a pickle: loading it runs no code.

    A FileError says that it could not be loaded again.
    """
    skops.dump(pipeline, folder / MODEL_FILE)
    load_model(folder)


def load_model(folder: Path) -> Pipeline:
    """Load what `save_model` wrote; a FileError says that it is damaged or hostile."""
    file = folder / MODEL_FILE
    with careful(file, "if the types are your estimator's, see TRUSTED in models.py"):
        pipeline = skops.load(file, trusted=list(TRUSTED))
        if not isinstance(pipeline, Pipeline):
            raise TypeError(f"it holds a {type(pipeline).__name__}, no pipeline")
    return pipeline
