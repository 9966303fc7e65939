"""The model: one scikit-learn pipeline from a table's columns to a prediction.

Yours: `build_pipeline`; an estimator is added in estimators.py. Imputation, encoding,
scaling and the estimator are fitted and saved as one, so that what serves a prediction
cannot differ from what was trained.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn import metrics, model_selection
from sklearn.base import is_classifier
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.utils.class_weight import compute_class_weight
from skops import io as skops

from .adapter import MISSING, Array, Labelled
from .config import ConfigError
from .estimators import TREES, TRUSTED, make_estimator
from .files import careful

# Whose versions go into the manifest.
LIBRARIES = ["joblib", "numpy", "onnx", "onnxruntime", "pandas", "scikit-learn"]
LIBRARIES += ["scipy", "skl2onnx", "skops"]
MODEL_FILE = "model.skops"
# Rarer categories share a column; those that come up later have none.
ONE_HOT = {"max_categories": 50, "handle_unknown": "ignore", "sparse_output": False}


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
        estimator: One of `ESTIMATORS`, such as `linear` (logistic or ridge regression)
            or `sgd` (linear, learned in steps); or the import path of any other class,
            such as sklearn.svm.SVR.
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


def train_model(pipeline: Pipeline, x_train: pd.DataFrame, y_train: Any) -> Pipeline:
    """Fit a pipeline to rows (n, columns), NaN where there is no value; return it."""
    return pipeline.fit(x_train, y_train)


def train_in_chunks(
    pipeline: Pipeline, sample: Labelled, chunks: Iterable[Labelled], classes: int
) -> Pipeline:
    """Fit a pipeline to more rows than there is memory for, and return it.

    The preparation is fitted to a sample from all over the table, by which classes are
    balanced, too; the estimator, which has `partial_fit`, to chunks of rows and labels.
    A regression has 0 classes.
    """
    rows, labels = sample
    prepare, model = pipeline["prepare"].fit(rows), pipeline["model"]
    options = {"classes": np.arange(classes)} if classes else {}
    if getattr(model, "class_weight", None) == "balanced":  # no chunk knows the shares
        weights = compute_class_weight("balanced", y=labels, **options)
        model.set_params(class_weight=dict(enumerate(weights.tolist())))
    for features, labels in chunks:
        if len(labels):
            model.partial_fit(prepare.transform(features), labels, **options)
    return pipeline


def cross_validate(
    pipeline: Pipeline,
    x_train: pd.DataFrame,
    y_train: Array,
    folds: Any = 5,
    metric: str | None = None,
) -> dict[str, list[float]]:
    """Fit and score a pipeline on parts of a training set, each left out once.

    Args:
        pipeline: From `build_pipeline`.
        x_train: (n, columns).
        y_train: (n,), classes as int64 or values as float64.
        folds: Their number, or which rows they are, as `Table.folds` has.
        metric: The name of a scorer of scikit-learn.

    Returns:
        A score a part: of the metric, say `cv_f1_macro`, first; then `cv_accuracy`,
        `cv_loss` (in nats); or `cv_r2`, `cv_rmse`.

    Raises:
        ConfigError: If scikit-learn refuses metric, folds or parameters, or a fold has
            no score, for the lack of a class.
    """
    scoring: dict[str, Any] = {metric: metric} if metric else {}
    if is_classifier(pipeline):  # of whose classes a fold may lack one
        how = {"response_method": "predict_proba", "labels": np.unique(y_train)}
        scoring["accuracy"] = "accuracy"
        scoring["loss"] = metrics.make_scorer(metrics.log_loss, **how)
    else:
        scoring["r2"] = "r2"
        scoring["rmse"] = metrics.make_scorer(metrics.root_mean_squared_error)
    try:
        found = model_selection.cross_validate(
            pipeline, x_train, y_train, cv=folds, scoring=scoring, error_score="raise"
        )
    except (ValueError, AttributeError) as error:
        message = f"metric, folds, estimator or parameters: {error}"
        raise ConfigError(message) from error
    if absent := [name for name in scoring if np.isnan(found[f"test_{name}"]).any()]:
        told = f"{', '.join(absent)} of a fold is not a number"
        raise ConfigError(f"folds: {told}, as one class may be all it has; take fewer")
    return {f"cv_{name}": found[f"test_{name}"].tolist() for name in scoring}


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


def score_by(metric: str, model: Any, rows: Any, labels: Any) -> float:
    """Return what a scorer of scikit-learn says; a ConfigError, that it refuses."""
    try:
        return float(metrics.get_scorer(metric)(model, rows, labels))
    except ValueError as error:
        raise ConfigError(f"metric: {metric}: {error}") from error


def save_model(pipeline: Pipeline, folder: Path) -> None:
    """Write a fitted pipeline by skops, not as a pickle: loading it runs no code.

    A ProjectError says that it could not be loaded again.
    """
    skops.dump(pipeline, folder / MODEL_FILE)
    load_model(folder)


def load_model(folder: Path) -> Pipeline:
    """Load what `save_model` wrote; a ProjectError: it is damaged or hostile."""
    file = folder / MODEL_FILE
    with careful(file, "if the types are your estimator's, name them in estimators.py"):
        pipeline = skops.load(file, trusted=list(TRUSTED))
        if not isinstance(pipeline, Pipeline):
            raise TypeError(f"it holds a {type(pipeline).__name__}, no pipeline")
    return pipeline
