"""SHAP, LIME and ELI5: what each feature adds to the output of each row.

They ask for outputs alone, so that they explain any model.
"""

from typing import NamedTuple

import numpy as np

from . import ExplainSettings
from .rows import ORDERS, FloatArray, IntArray, Rows

REPEATS = 5  # permutations of each feature (ELI5)
KERNEL_WIDTH = 0.25  # how fast LIME forgets samples far from the row; its own default


class Explanation(NamedTuple):
    """What a method says of n rows.

    Attributes:
        values: float64 (n, features); above 0 where a feature speaks for the output.
        base: float64 (n,), what they are added to; NaN where they are not meant to be.
        how: How they were computed, in a sentence.
    """

    values: FloatArray
    base: FloatArray
    how: str


def explain_by_shap(rows: Rows, settings: ExplainSettings) -> Explanation:
    """Return SHAP values: base + sum = output, whatever orders of features are drawn.

    Source: Lundberg and Lee, 2017, https://arxiv.org/abs/1705.07874.
    """
    import shap

    known, own = np.split(rows.origins(), [len(rows.background)])
    explainer = shap.PermutationExplainer(
        lambda origins: rows.outputs(np.asarray(origins, dtype=np.int64)),
        shap.maskers.Independent(known, max_samples=len(known)),
        seed=settings.seed,
    )
    evaluations = ORDERS * (2 * own.shape[1] + 1)
    found = explainer(own, max_evals=evaluations, batch_size=100, silent=True)
    # SHAP leaves the last axis out where there is one output.
    values = found.values.reshape(*own.shape, -1)[np.arange(len(own)), :, rows.column]
    base = rows.chosen(found.base_values.reshape(len(own), -1))
    return Explanation(values, base, "SHAP values: base + sum is the model's output")


def explain_by_lime(rows: Rows, settings: ExplainSettings) -> Explanation:
    """Return the weights of linear models, one fitted around each row.

    LIME's samples keep some features of the row; the others are a training row's.
    Source: Ribeiro, Singh and Guestrin, 2016, https://arxiv.org/abs/1602.04938.
    """
    from lime.lime_base import LimeBase

    random = np.random.default_rng(settings.seed)
    lime = LimeBase(lambda far: np.sqrt(np.exp(-((far / KERNEL_WIDTH) ** 2))))
    _, own = np.split(rows.origins(), [len(rows.background)])
    values, base = np.zeros(own.shape), np.zeros(len(own))
    for i, row in enumerate(own):
        kept = random.integers(0, 2, (settings.lime_samples, len(row)))
        kept[0] = 1  # the row itself
        others = random.integers(0, len(rows.background), (len(kept), 1))
        base[i], weights, *_ = lime.explain_instance_with_data(
            kept,
            rows.outputs(np.where(kept, row, others)),
            1 - np.sqrt(kept.mean(axis=1)),  # less the cosine between it and the row
            rows.column[i],
            len(row),
            feature_selection="none",
        )
        values[i] = [weight for _, weight in sorted(weights)]
    how = "weights of a linear model around each row: base + sum is its output (LIME)"
    return Explanation(values, base, how)


def explain_by_eli5(rows: Rows, settings: ExplainSettings) -> Explanation:
    """Return what is lost when a feature's values are exchanged between rows.

    Source: Breiman, Random Forests, 2001, https://doi.org/10.1023/A:1010933404324,
    section 10; what is lost is the model's own answer, so that no truth is needed.
    """
    from eli5.permutation_importance import get_score_importances

    def own_outputs(origins: IntArray, _: object) -> FloatArray:
        return rows.chosen(rows.outputs(origins[-len(rows.explained) :]))

    _, losses = get_score_importances(
        own_outputs, rows.origins(), None, n_iter=REPEATS, random_state=settings.seed
    )
    values = np.mean(losses, axis=0).T
    how = "what an output loses when a feature is another row's (ELI5's permutation)"
    return Explanation(values, np.full(len(values), np.nan), how)


METHODS = {"shap": explain_by_shap, "lime": explain_by_lime, "eli5": explain_by_eli5}
