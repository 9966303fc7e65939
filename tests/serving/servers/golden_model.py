"""The model of the golden requests, for whatever a server loads.

Read by the scripts beside it, each in the environment of its server. Each of these has
NumPy, except TorchServe's.
"""

import json
import operator
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "golden" / "model.json"


def read() -> dict[str, Any]:
    """Return what model.json holds: sizes, names of classes, weights and biases."""
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content


def as_scikit_learn() -> Any:
    """Return a fitted pipeline from raw images (n, 8, 8) to probabilities (n, 10).

    The weights are put in place instead of being fitted, so that every version of
    scikit-learn answers the same.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    model = read()
    classifier = LogisticRegression()
    classifier.classes_ = np.array(model["classes"])
    classifier.coef_ = np.array(model["weights"]) / model["max_value"]
    classifier.intercept_ = np.array(model["biases"])
    classifier.n_features_in_ = classifier.coef_.shape[1]
    # A function of the standard library, which the server can unpickle.
    flatten = FunctionTransformer(operator.methodcaller("reshape", -1, 64))
    return make_pipeline(flatten, classifier)
