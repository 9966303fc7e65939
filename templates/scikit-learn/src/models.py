"""The model: one scikit-learn pipeline from a table's columns to a prediction.

Imputation, encoding, scaling and the estimator are fitted and saved as one, so that
what serves a prediction cannot differ from what was trained. Pure functions of frames:
where data come from and where models go is decided elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import ensemble, linear_model, model_selection
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from skops import io as skops

from .config import ConfigError
from .inputs import Kind, Task
from .model_files import careful
from .scores import ClassScores, NumberScores

LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")
MODEL_FILE = "model.skops"

Estimator = Literal["linear", "forest", "boosting", "sgd"]
Target = npt.NDArray[np.int64] | npt.NDArray[np.float64]
Scores = dict[str, Any]

# skops refuses to load what it does not know to be harmless. Its own list lacks these,
# which hold the numbers of trees and the types of arrays.
TRUSTED = (
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)

MISSING = "(missing)"  # the category of a cell without one
MOST_CATEGORIES = 50  # rarer ones share a column, as do those that come up later

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


def build_pipeline(
    kinds: Mapping[str, Kind],
    task: Task,
    estimator: Estimator = "linear",
    parameters: Mapping[str, Any] | None = None,
    seed: int = 1,
) -> Pipeline:
    """Return a pipeline that is not fitted yet.

    Numbers: the median where there is none, a column that says so, mean 0 and variance
    1. Categories: "(missing)" is one of them; one column of 0 and 1 for each, or one
    number for tree models, which need no distance between categories.

    Args:
        kinds: What each column holds.
        task: What is predicted.
        estimator: `linear` (logistic or ridge regression), `forest` (of random trees),
            `boosting` (of trees on histograms), or `sgd` (linear, learned in steps).
        parameters: Those of the estimator, by scikit-learn's names.
        seed: Of everything random.

    Returns:
        The steps `prepare`, a ColumnTransformer, and `model`. A classifier's classes
        are the numbers that `utils.encode_labels` gives them.

    Raises:
        ConfigError: If the estimator has no such parameter.
    """
    encode = (
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        if estimator in ("forest", "boosting")
        else OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=MOST_CATEGORIES,
            sparse_output=False,
        )
    )
    number = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    category = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=MISSING), encode
    )
    prepare = ColumnTransformer(
        [
            (kind, steps, [name for name in kinds if kinds[name] == kind])
            for kind, steps in (("number", number), ("category", category))
        ]
    )
    choices = CLASSIFIERS if task == "classification" else REGRESSORS
    model = choices[estimator]
    known = model.get_params()
    given = {"random_state": seed, **(parameters or {})}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ConfigError(
            f"parameters: {type(model).__name__} has no {', '.join(unknown)}; it has "
            f"{', '.join(known)}"
        )
    return Pipeline(
        [("prepare", prepare), ("model", type(model)(**{**known, **given}))]
    )


def train_model(pipeline: Pipeline, features: pd.DataFrame, target: Target) -> Pipeline:
    """Fit a pipeline, all its steps.

    Args:
        pipeline: From `build_pipeline`; it is changed.
        features: (n, columns), float64 or text, NaN where there is no value.
        target: int64 or float64 (n,).

    Returns:
        The same pipeline.

    Raises:
        ConfigError: If a parameter's value is refused.
    """
    with refused_parameters():
        pipeline.fit(features, target)
    return pipeline


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


def cross_validate(
    pipeline: Pipeline,
    features: pd.DataFrame,
    target: Target,
    task: Task,
    folds: int = 5,
    seed: int = 1,
) -> dict[str, list[float]]:
    """Fit and score a pipeline on parts of a training set, each left out once.

    Args:
        pipeline: From `build_pipeline`; it is not changed.
        features: (n, columns).
        target: (n,).
        task: What is predicted.
        folds: The number of parts, at most the rows of the rarest class.
        seed: Decides which rows go where.

    Returns:
        One score a part: `cv_accuracy` and `cv_loss` (cross-entropy, in nats), or
        `cv_r2` and `cv_rmse`.

    Raises:
        ConfigError: If there are too few rows for that many parts, or a parameter's
            value is refused.
    """
    classification = task == "classification"
    fewest = int(np.bincount(target).min()) if classification else len(target) // 2
    if fewest < folds:
        whose = "the rarest class" if classification else "half the table"
        raise ConfigError(
            f"folds: {folds} parts are too many, as {whose} has {fewest} rows to train "
            "on; ask for fewer with --folds, or add rows"
        )
    if classification:
        scoring = {"accuracy": "accuracy", "loss": "neg_log_loss"}
        splitter = model_selection.StratifiedKFold(
            folds, shuffle=True, random_state=seed
        )
    else:
        scoring = {"r2": "r2", "rmse": "neg_root_mean_squared_error"}
        splitter = model_selection.KFold(folds, shuffle=True, random_state=seed)
    with refused_parameters():
        found = model_selection.cross_validate(
            pipeline,
            features,
            target,
            cv=splitter,
            scoring=scoring,
            error_score="raise",
        )
    return {
        # scikit-learn turns losses round, so that more is better; here they are losses.
        f"cv_{name}": [
            float(-value if scorer.startswith("neg_") else value)
            for value in found[f"test_{name}"]
        ]
        for name, scorer in scoring.items()
    }


def evaluate_model(
    pipeline: Pipeline, features: pd.DataFrame, target: Target, classes: Sequence[str]
) -> Scores:
    """Score a fitted pipeline on rows it has not seen.

    Args:
        pipeline: From `train_model`.
        features: (n, columns).
        target: int64 or float64 (n,).
        classes: The name of each class; none for a regression.

    Returns:
        Of a classifier: `accuracy`; `loss`, the cross-entropy in nats; `rows`;
        `classes`, with precision, recall, f1-score and support of each; and
        `confusion_matrix`, where rows are the true classes. Of a regression: `r2`,
        `mae`, `rmse` and `rows`.
    """
    outputs = predict_outputs(pipeline, features, classes)
    if not classes:
        return NumberScores.of(outputs[:, 0], target).summary()
    return ClassScores.of(outputs, target).summary(classes)


def predict_outputs(
    pipeline: Pipeline, features: pd.DataFrame, classes: Sequence[str]
) -> npt.NDArray[np.float64]:
    """Return what a pipeline says of every row.

    Args:
        pipeline: From `train_model`.
        features: (n, columns).
        classes: The name of each class; none for a regression.

    Returns:
        float64 (n, classes), probabilities; or (n, 1), the predicted numbers.
    """
    if classes:
        return np.asarray(pipeline.predict_proba(features), dtype=np.float64)
    return np.asarray(pipeline.predict(features), dtype=np.float64)[:, None]


def predict_table(
    pipeline: Pipeline, features: pd.DataFrame, classes: Sequence[str]
) -> pd.DataFrame:
    """Predict every row.

    Args:
        pipeline: From `train_model`.
        features: (n, columns); its index is kept.
        classes: The name of each class; none for a regression.

    Returns:
        The columns `class` and `probability` of the likeliest class, in [0, 1]; or
        `value`. The index is that of `features`.
    """
    outputs = predict_outputs(pipeline, features, classes)
    if not classes:
        return pd.DataFrame({"value": outputs[:, 0]}, index=features.index)
    names = np.array(classes, dtype=object)[outputs.argmax(axis=1)]
    best = outputs.max(axis=1)
    return pd.DataFrame({"class": names, "probability": best}, index=features.index)


def save_model(pipeline: Pipeline, folder: Path) -> None:
    """Write a fitted pipeline to a folder.

    In the format of skops, and not as a pickle: loading it runs no code from the file.
    """
    skops.dump(pipeline, folder / MODEL_FILE)


def load_model(folder: Path) -> Pipeline:
    """Load what `save_model` wrote.

    Raises:
        ModelFileError: If the file is damaged, or names a type that is not trusted:
            neither one of skops' own list nor of `TRUSTED`.
    """
    file = folder / MODEL_FILE
    with careful(file):
        pipeline = skops.loads(file.read_bytes(), trusted=list(TRUSTED))
        if not isinstance(pipeline, Pipeline):
            raise TypeError(f"it holds a {type(pipeline).__name__}, no pipeline")
    return pipeline
