"""SHAP, LIME and ELI5 on a table: what each of its columns adds to a prediction."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from ..settings import ExplainSettings
from . import exact
from .agnostic import permuted, sampled_shap
from .cells import Cells
from .explanation import (
    Contributions,
    Explanation,
    FloatArray,
    chosen,
    of_contributions,
)
from .subject import Subject


def by_shap(subject: Subject, settings: ExplainSettings) -> Explanation:
    """Return SHAP values, exact or sampled."""
    found = (
        exact.shap_values(
            subject.model,
            subject.background,
            subject.rows,
            subject.explained,
            subject.unit,
        )
        if settings.exact_shap
        else sampled_shap(subject, settings.seed)
    )
    return of_contributions("shap", subject.features, found)


def by_lime(subject: Subject, settings: ExplainSettings) -> Explanation:
    """Return the weights of LIME's linear models, one fitted around each row.

    Source: Ribeiro, Singh and Guestrin, 2016, https://arxiv.org/abs/1602.04938.
    """
    from lime.lime_tabular import LimeTabularExplainer

    cells = Cells.of(pd.concat([subject.background, subject.rows]), subject.kinds)
    explainer = LimeTabularExplainer(
        cells.encode(subject.background),
        mode="classification" if subject.classes else "regression",
        categorical_features=cells.categorical,
        feature_selection="none",
        random_state=settings.seed,
    )

    def predict(numbers: FloatArray) -> FloatArray:
        outputs = subject.predict(cells.decode(numbers))
        return outputs if subject.classes else outputs[:, 0]

    encoded = cells.encode(subject.rows)
    values, base = np.zeros(subject.rows.shape), np.zeros(len(encoded))
    for i, row in enumerate(encoded):
        # Of a regression, LIME keeps the weights as those of a class 1.
        output = int(subject.explained[i]) if subject.classes else 1
        found = explainer.explain_instance(
            row,
            predict,
            labels=(output,),
            num_features=encoded.shape[1],
            num_samples=settings.lime_samples,
        )
        base[i] = found.intercept[output]
        for number, weight in found.local_exp[output]:
            values[i, cells.columns[number]] += weight
    contributions = Contributions(
        values=values,
        output=chosen(subject.predict(subject.rows), subject.explained),
        base=base,
        unit=subject.unit,
        how="weights of a linear model around each row (LIME); base + sum is that "
        "model's output, not the pipeline's",
    )
    return of_contributions("lime", subject.features, contributions)


def by_eli5(subject: Subject, settings: ExplainSettings) -> Explanation:
    """Return what ELI5 shows: weights, parts of predictions, permutation importance.

    ELI5 does not know every estimator; where it does not, a row's contributions are
    what its output loses when a column is permuted, too.
    """
    contributions, importance, how = permuted(subject, settings.seed)
    parts = exact.eli5_contributions(
        subject.model, subject.rows, subject.explained, subject.unit
    )
    found = Explanation(
        "eli5", subject.features, parts or contributions, importance, how
    )
    return replace(found, weights=exact.eli5_weights(subject.model, subject.classes))


METHODS: dict[str, Callable[[Subject, ExplainSettings], Explanation]] = {
    "shap": by_shap,
    "lime": by_lime,
    "eli5": by_eli5,
}
