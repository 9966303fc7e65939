"""SHAP values and ELI5's contributions from the inside of a scikit-learn pipeline.

The estimator sees prepared columns: a scaled number, an indicator of missing values, a
0 or 1 for each category. Each of them comes from one column of the table, so their
contributions are added up to that column's.
"""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier, SGDRegressor
from sklearn.pipeline import Pipeline

from .explanation import Contributions, FloatArray, IntArray, chosen

LINEAR = (LogisticRegression, Ridge, SGDClassifier, SGDRegressor)


def origins(pipeline: Pipeline, columns: list[str]) -> IntArray:
    """Return which column of the table each prepared column comes from.

    Args:
        pipeline: From `models.build_pipeline`, fitted.
        columns: The columns of the table.

    Returns:
        int64 (prepared columns,), numbers in `columns`.
    """
    found: list[str] = []
    for kind, steps, names in pipeline["prepare"].transformers_:
        if not len(names):
            continue
        imputer, encoder = steps[0], steps[-1]
        if kind == "number":
            # The numbers, then an indicator for each column that lacked some.
            found += [*names, *(names[i] for i in imputer.indicator_.features_)]
        elif hasattr(encoder, "drop_idx_"):  # one-hot
            # The encoder makes names of its own; their first part is the number given.
            numbers = [str(number) for number in range(len(names))]
            made = encoder.get_feature_names_out(numbers)
            found += [names[int(name.split("_")[0])] for name in made]
        else:
            found += names
    return np.array([columns.index(name) for name in found], dtype=np.int64)


def by_column(values: FloatArray, origin: IntArray, columns: int) -> FloatArray:
    """Add up (n, prepared columns) to (n, columns)."""
    added = np.zeros((columns, len(values)))
    np.add.at(added, origin, values.T)
    return added.T


def shap_values(
    pipeline: Pipeline,
    background: pd.DataFrame,
    rows: pd.DataFrame,
    explained: IntArray,
    unit: str,
) -> Contributions:
    """Return the SHAP values of each column.

    Of a linear model, exactly, its prepared columns taken as independent: Lundberg and
    Lee, 2017, https://arxiv.org/abs/1705.07874, corollary 1. Of trees, exactly, along
    their paths: Lundberg et al., 2020, https://doi.org/10.1038/s42256-019-0138-9.

    Args:
        pipeline: From `models.train_model`.
        background: (b, columns), the rows to compare with.
        rows: (n, columns), the rows to explain.
        explained: int64 (n,), the class to explain of each; 0 for a regression.
        unit: What the pipeline predicts.

    Returns:
        Contributions to the log-odds of a class, or to the probability where a forest
        predicts; to the number, if that is predicted. base + sum = output.
    """
    import shap

    model = pipeline["model"]
    prepared = pipeline["prepare"].transform(rows)
    if isinstance(model, LINEAR):
        compared = pipeline["prepare"].transform(background)
        masker = shap.maskers.Independent(compared, max_samples=len(compared))
        explainer = shap.LinearExplainer(model, masker)
        how = "SHAP values, exact for a linear model (LinearExplainer)"
    else:
        # SHAP 0.51 compares with a background in single precision: near a threshold it
        # takes the wrong branch, and the sum is not the output.
        explainer = shap.TreeExplainer(
            model, feature_perturbation="tree_path_dependent"
        )
        how = "SHAP values, exact along the paths of the trees (TreeExplainer)"
    values = np.asarray(explainer.shap_values(prepared, **unchecked(explainer)))
    base = np.asarray(explainer.expected_value, dtype=np.float64).reshape(1, -1)
    output, unit = raw_output(model, prepared, unit)
    values = values.reshape(*prepared.shape, -1)
    if output.shape[1] == 2 and values.shape[2] == 1:
        # Two classes and one score: what speaks for one speaks against the other.
        values = np.concatenate([-values, values], axis=2)
        base = np.concatenate([-base, base], axis=1)
    picked = values[np.arange(len(values)), :, explained]
    return Contributions(
        values=by_column(picked, origins(pipeline, list(rows)), rows.shape[1]),
        output=chosen(output, explained),
        base=base[0, explained],
        unit=unit,
        how=how,
    )


def unchecked(explainer: Any) -> dict[str, bool]:
    """Turn SHAP's own check off, which allows 1 %; the tests allow a millionth."""
    return {"check_additivity": False} if hasattr(explainer, "data_missing") else {}


def raw_output(model: Any, prepared: FloatArray, unit: str) -> tuple[FloatArray, str]:
    """Return what an estimator computes before it is made a probability, and its unit.

    Returns:
        float64 (n, classes), or (n, 1) for a regression.
    """
    if hasattr(model, "decision_function"):
        scores = np.asarray(model.decision_function(prepared), dtype=np.float64)
        if scores.ndim == 1:
            scores = np.stack([-scores, scores], axis=1)
        return scores, "log-odds"
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(prepared), dtype=np.float64), unit
    return np.asarray(model.predict(prepared), dtype=np.float64)[:, None], unit


def eli5_contributions(
    pipeline: Pipeline, rows: pd.DataFrame, explained: IntArray, unit: str
) -> Contributions | None:
    """Return how ELI5 takes a prediction apart; None of what it does not know.

    Of a linear model: weight times value. Of a forest: how the mean of the leaves
    changes at each branch (Saabas, 2014, http://blog.datadive.net/interpreting-random-
    forests/). It does not know scikit-learn's HistGradientBoosting models.
    """
    import eli5

    model = pipeline["model"]
    prepared = pipeline["prepare"].transform(rows)
    output, unit = raw_output(model, prepared, unit)
    names = [str(number) for number in range(prepared.shape[1])]
    parts, base = np.zeros(prepared.shape), np.zeros(len(prepared))
    for i, (row, column) in enumerate(zip(prepared, explained, strict=True)):
        found = eli5.explain_prediction(model, row, feature_names=names)
        if found.error:
            return None
        targets = {str(target.target): target for target in found.targets}
        # Of two classes ELI5 shows the predicted one, of a regression the number "y".
        target = targets.get(str(column)) or found.targets[0]
        for weight in (*target.feature_weights.pos, *target.feature_weights.neg):
            if weight.feature == "<BIAS>":
                base[i] = weight.weight
            else:
                parts[i, int(weight.feature)] = weight.weight
    return Contributions(
        values=by_column(parts, origins(pipeline, list(rows)), rows.shape[1]),
        output=chosen(output, explained),
        base=base,
        unit=unit,
        how="ELI5's contributions of weights, or of the branches of trees",
    )


def eli5_weights(
    pipeline: Pipeline, classes: tuple[str, ...]
) -> tuple[tuple[str, str, float], ...]:
    """Return what ELI5 shows of the model itself, as (class, feature, weight).

    Weights of a linear model, of prepared columns; of a forest, how much of the spread
    each column takes away (class ""). Nothing of a model that ELI5 does not know.
    """
    import eli5

    model = pipeline["model"]
    names = [str(name) for name in pipeline["prepare"].get_feature_names_out()]
    found = eli5.explain_weights(model, feature_names=names, top=len(names) + 1)
    if found.error:
        return ()
    if found.feature_importances:
        return tuple(
            ("", str(each.feature), float(each.weight))
            for each in found.feature_importances.importances
        )
    return tuple(
        (
            classes[int(target.target)] if classes else "",
            str(w.feature),
            float(w.weight),
        )
        for target in found.targets
        for w in (*target.feature_weights.pos, *target.feature_weights.neg)
    )
