"""SHAP and permutation for any model, from what it returns alone.

Both ask what the model would say if some features were those of other rows. New rows
are put together from a pool of known ones by number, so that texts, missing values and
patches of pixels need no arithmetic: see `Pool`.
"""

from typing import Protocol

import numpy as np

from .explanation import Contributions, FloatArray, IntArray, chosen

# SHAP asks for this many rows at a time, times the rows that they are compared with.
SHAP_BATCH = 100
REPEATS = 5  # permutations of each feature
# What a probability of 0 counts as: its logarithm would be infinite.
SMALLEST = float(np.finfo(np.float32).tiny)


class Pool(Protocol):
    """Known rows: first those to compare with, then those to explain.

    Attributes:
        features: The names of the features.
        compared: The number of rows to compare with.
        explained: int64 (n,), the output to explain of each of the other rows.
        unit: What the outputs are measured in.
        labels: int64 or float64 (n,), what is true of the rows to explain; or None.
        classes: The names of the outputs; none for a regression.
    """

    @property
    def features(self) -> tuple[str, ...]: ...
    @property
    def compared(self) -> int: ...
    @property
    def explained(self) -> IntArray: ...
    @property
    def unit(self) -> str: ...
    @property
    def labels(self) -> IntArray | FloatArray | None: ...
    @property
    def classes(self) -> tuple[str, ...]: ...

    def outputs(self, origins: IntArray) -> FloatArray:
        """Return the model's outputs for rows that are put together.

        Args:
            origins: int64 (m, features): the number, in the pool, of the row that each
                feature is taken from.

        Returns:
            float64 (m, classes), probabilities; or (m, 1), predicted numbers.
        """


def as_they_are(pool: Pool, rows: IntArray) -> IntArray:
    """Return the origins, int64 (m, features), of rows that are left as they are."""
    return np.repeat(rows[:, None], len(pool.features), axis=1)


def rows_to_explain(pool: Pool) -> IntArray:
    """Return the numbers of the rows to explain, int64 (n,)."""
    return np.arange(pool.compared, pool.compared + len(pool.explained))


def sampled_shap(pool: Pool, seed: int) -> Contributions:
    """Return SHAP values from orders of the features that are drawn at random.

    base + sum = output, whatever is drawn. Source: Strumbelj and Kononenko, An
    efficient explanation of individual classifications using game theory, 2010.
    """
    import shap

    known = as_they_are(pool, np.arange(pool.compared))
    masker = shap.maskers.Independent(known, max_samples=pool.compared)
    explainer = shap.PermutationExplainer(
        lambda origins: pool.outputs(np.asarray(origins, dtype=np.int64)),
        masker,
        seed=seed,
    )
    rows = as_they_are(pool, rows_to_explain(pool))
    evaluations = max(500, 2 * len(pool.features) + 1)
    found = explainer(rows, max_evals=evaluations, batch_size=SHAP_BATCH, silent=True)
    # SHAP leaves the last axis out where there is one output.
    values = np.asarray(found.values).reshape(*rows.shape, -1)
    base = np.asarray(found.base_values).reshape(len(rows), -1)
    return Contributions(
        values=values[np.arange(len(rows)), :, pool.explained],
        output=chosen(pool.outputs(rows), pool.explained),
        base=chosen(base, pool.explained),
        unit=pool.unit,
        how="SHAP values estimated from the model's outputs (PermutationExplainer)",
    )


def permuted(pool: Pool, seed: int) -> tuple[Contributions, FloatArray, str]:
    """Return what is lost when a feature's values are exchanged between rows.

    ELI5 permutes the whole pool and asks a function for the scores, so this works for
    any model. Source: Breiman, Random Forests, 2001,
    https://doi.org/10.1023/A:1010933404324, section 10.

    Returns:
        The loss of each row's explained output; the loss of each feature's score over
        all rows, float64 (features,); and what that score is.
    """
    from eli5.permutation_importance import get_score_importances

    rows, truth = rows_to_explain(pool), truth_of(pool)

    def scores(origins: IntArray, _: object) -> FloatArray:
        """Return float64 (n, 2): the explained output of each row, and its score."""
        outputs = pool.outputs(origins[rows])
        if pool.classes:
            known = chosen(outputs, truth.astype(np.int64))
            score = np.log(np.maximum(known, SMALLEST))
        else:
            score = -np.square(outputs[:, 0] - truth)
        return np.stack([chosen(outputs, pool.explained), score], axis=1)

    whole = as_they_are(pool, np.arange(pool.compared + len(rows)))
    before, losses = get_score_importances(
        scores, whole, None, n_iter=REPEATS, random_state=seed
    )
    lost = np.mean(losses, axis=0)  # (features, n, 2)
    contributions = Contributions(
        values=lost[:, :, 0].T,
        output=before[:, 0],
        base=None,
        unit=pool.unit,
        how="what a row's output loses when a feature is taken from another row "
        f"(ELI5's score-function permutation, mean of {REPEATS})",
    )
    return contributions, lost[:, :, 1].mean(axis=1), score_name(pool)


def truth_of(pool: Pool) -> IntArray | FloatArray:
    """Return what is true of the rows to explain; what is predicted, if not known."""
    if pool.labels is not None:
        return pool.labels
    if pool.classes:
        return pool.explained
    return pool.outputs(as_they_are(pool, rows_to_explain(pool)))[:, 0]


def score_name(pool: Pool) -> str:
    """Return what the score is that a permutation lowers."""
    whose = "predicted" if pool.labels is None else "true"
    score = (
        f"the mean log-probability of the {whose} class, in nats,"
        if pool.classes
        else f"the mean squared difference from the {whose} {pool.unit}"
    )
    verb = "falls" if pool.classes else "rises"
    return f"how much {score} {verb} when a feature is permuted (ELI5)"
