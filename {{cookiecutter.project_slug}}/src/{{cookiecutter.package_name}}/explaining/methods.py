"""SHAP, LIME and ELI5: what each feature adds to the output of each row.

They ask for outputs alone, so that they explain any model. Each of the libraries takes
seconds to import; only the method that needs it does so.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .rows import FloatArray, IntArray, Rows
from .settings import ExplainSettings

REPEATS = 5  # permutations of each feature (ELI5)
KERNEL_WIDTH = 0.25  # how fast LIME forgets samples far from the row; its own default
MEAN_ABSOLUTE = "the mean, over the rows, of a contribution's absolute value"
# What a probability of 0 counts as: its logarithm would be infinite.
SMALLEST = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Explanation:
    """What a method says of some rows.

    Attributes:
        values: float64 (n, features); above 0 where a feature speaks for the output.
        base: float64 (n,), what the values are added to; None where they are not meant
            to be added up.
        how: How they were computed, in a sentence.
        importance: float64 (features,), how much each one matters over all rows.
        importance_how: What that number is, in a sentence.
    """

    values: FloatArray
    base: FloatArray | None
    how: str
    importance: FloatArray
    importance_how: str


def explain_by_shap(rows: Rows, settings: ExplainSettings) -> Explanation:
    """Return SHAP values: base + sum = output, whatever orders of features are drawn.

    Source: Strumbelj and Kononenko, An efficient explanation of individual
    classifications using game theory, 2010.
    """
    import shap

    known = rows.whole(np.arange(len(rows.background)))
    explainer = shap.PermutationExplainer(
        lambda origins: rows.outputs(np.asarray(origins, dtype=np.int64)),
        shap.maskers.Independent(known, max_samples=len(known)),
        seed=settings.seed,
    )
    evaluations = max(500, 2 * len(rows.features) + 1)
    found = explainer(rows.whole(rows.places), max_evals=evaluations, silent=True)
    # SHAP leaves the last axis out where there is one output.
    values = found.values.reshape(len(rows.places), len(rows.features), -1)
    values = values[np.arange(len(values)), :, rows.column]
    return Explanation(
        values=values,
        base=rows.chosen(found.base_values.reshape(len(values), -1)),
        how="SHAP values (PermutationExplainer): base + sum is the model's output",
        importance=np.abs(values).mean(axis=0),
        importance_how=MEAN_ABSOLUTE,
    )


def explain_by_lime(rows: Rows, settings: ExplainSettings) -> Explanation:
    """Return the weights of linear models, one fitted around each row.

    LIME's samples keep some features of the row; the others are a training row's.
    Source: Ribeiro, Singh and Guestrin, 2016, https://arxiv.org/abs/1602.04938.
    """
    from lime.lime_base import LimeBase

    random = np.random.default_rng(settings.seed)
    lime = LimeBase(lambda far: np.sqrt(np.exp(-((far / KERNEL_WIDTH) ** 2))))
    count = len(rows.features)
    values, base = np.zeros((len(rows.places), count)), np.zeros(len(rows.places))
    for i, place in enumerate(rows.places):
        kept = random.integers(0, 2, (settings.lime_samples, count))
        kept[0] = 1  # the row itself
        others = random.integers(0, len(rows.background), (len(kept), 1))
        base[i], weights, *_ = lime.explain_instance_with_data(
            kept,
            rows.outputs(np.where(kept, place, others)),
            distances=1 - np.sqrt(kept.mean(axis=1)),  # the cosine of the angle to 1
            label=rows.column[i],
            num_features=count,
            feature_selection="none",
        )
        for feature, weight in weights:
            values[i, feature] = weight
    return Explanation(
        values=values,
        base=base,
        how="weights of a linear model around each row (LIME): base + sum is that "
        "model's output, and near the explained one's",
        importance=np.abs(values).mean(axis=0),
        importance_how=MEAN_ABSOLUTE,
    )


def explain_by_eli5(rows: Rows, settings: ExplainSettings) -> Explanation:
    """Return what is lost when a feature's values are exchanged between rows.

    Source: Breiman, Random Forests, 2001, https://doi.org/10.1023/A:1010933404324,
    section 10.
    """
    from eli5.permutation_importance import get_score_importances

    def scores(origins: IntArray, _: object) -> FloatArray:
        """Return float64 (n, 2): the explained output of each row, and its score."""
        outputs = rows.outputs(origins[rows.places])
        return np.stack([rows.chosen(outputs), score(rows, outputs)], axis=1)

    whole = rows.whole(np.arange(len(rows.pool)))
    _, losses = get_score_importances(
        scores, whole, None, n_iter=REPEATS, random_state=settings.seed
    )
    lost = np.mean(losses, axis=0)  # (features, n, 2)
    whose = "predicted" if rows.labels is None else "true"
    return Explanation(
        values=lost[:, :, 0].T,
        base=None,
        how="what a row's output loses when a feature is taken from another row (ELI5's "
        f"permutation, mean of {REPEATS})",
        importance=lost[:, :, 1].mean(axis=1),
        importance_how="how much a permutation (ELI5) worsens "
        + (
            f"the mean log-probability of the {whose} class, in nats"
            if rows.classes
            else f"the mean squared difference from the {whose} {rows.unit}"
        ),
    )


def score(rows: Rows, outputs: FloatArray) -> FloatArray:
    """Return how good outputs of the rows are, float64 (n,); what is true, if known."""
    if rows.classes:
        labels = rows.column if rows.labels is None else rows.labels.astype(np.int64)
        known = outputs[np.arange(len(outputs)), labels]
        return np.asarray(np.log(np.maximum(known, SMALLEST)))
    truth = rows.labels
    if truth is None:
        truth = rows.predict(rows.explained)[:, 0]
    return np.asarray(-np.square(outputs[:, 0] - truth))


METHODS: dict[str, Callable[[Rows, ExplainSettings], Explanation]] = {
    "shap": explain_by_shap,
    "lime": explain_by_lime,
    "eli5": explain_by_eli5,
}
