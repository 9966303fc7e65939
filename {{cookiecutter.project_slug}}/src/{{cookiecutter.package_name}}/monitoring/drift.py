"""Whether two samples can come from one source: the tests, and one alarm of them all.

A p-value says how often two samples of one source differ as much. A run makes dozens of
tests, so each is multiplied by how many could still be wrong (Holm's method): where
nothing has changed, at most a share `alpha` of the runs raises an alarm, however the
variables depend on each other.

Yours: another test is another `Finding`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

Array = npt.NDArray[Any]
# By name: float64 (n,), NaN where missing; or texts (n,), `MISSING` where missing.
Variables = Mapping[str, Array]

MISSING = "(missing)"  # as an exported model is given it
MOST_CATEGORIES = 50  # rarer ones are one: alone, none of them could say much


class Finding(NamedTuple):
    """What one test found."""

    group: str  # drift, missing or unseen values, prediction, quality
    variable: str  # a column, or a figure of an image or a prediction
    test: str  # as people know it
    effect: float  # the largest gap between two shares or distributions, in [0, 1]
    before: str  # what the reference has
    now: str  # what the rows have
    p: float


def holm(found: list[Finding]) -> pd.DataFrame:
    """Return the findings as a table, the surest first, `adjusted` by Holm's method."""
    table = pd.DataFrame(found, columns=Finding._fields)
    table["adjusted"] = multipletests(table["p"], method="holm")[1] if found else 1.0
    return table.sort_values(["p", "effect"], ascending=[True, False])


def compare(before: Variables, now: Variables, group: str = "") -> Iterator[Finding]:
    """Yield what has changed of the variables that both samples have.

    Args:
        before: Those of the reference.
        now: Those of the rows to look at.
        group: What drift is called, if not that; nothing else is looked for then.
    """
    for name in (name for name in before if name in now):
        old, new = pd.Series(before[name]), pd.Series(now[name])
        if numbers := pd.api.types.is_numeric_dtype(old):
            # As a server is asked: what it has logged equals what it has not.
            old, new = old.astype("float32"), new.astype("float32")
        else:
            old, new = old.mask(old == MISSING), new.mask(new == MISSING)
        gaps = int(old.isna().sum()), int(new.isna().sum())
        # Whether one is missing depends on both samples together, not on which is
        # which: to leave the test out is no chance of a false alarm.
        if any(gaps) and not group:
            shares = gaps[0] / len(old), gaps[1] / len(new)
            told = f"{shares[0]:.1%}", f"{shares[1]:.1%} of {len(new)}"
            p, effect = fisher(gaps, (len(old), len(new))), abs(shares[1] - shares[0])
            yield Finding("missing", name, "Fisher's exact", effect, *told, p)
        old, new = old.dropna(), new.dropna()
        if len(old) and len(new):
            of_kind = compare_numbers if numbers else compare_texts
            for finding in of_kind(name, old.to_numpy(), new.to_numpy()):
                if not group or finding.group == "drift":
                    yield finding._replace(group=group or finding.group)


def compare_numbers(name: str, old: Array, new: Array) -> Iterator[Finding]:
    """Yield how a variable of numbers has changed, float64 (n,) and (m,)."""
    gap, p = stats.ks_2samp(old, new, method="asymp")
    told = f"median {np.median(old):.4g}", f"median {np.median(new):.4g}"
    yield Finding("drift", name, "Kolmogorov-Smirnov", float(gap), *told, float(p))
    # A unit that is mistaken in a few rows: how likely the largest (or the smallest)
    # values of all are all of the new sample.
    out = max((new > old.max()).sum(), (new < old.min()).sum())
    p = 2 * stats.hypergeom.pmf(out, len(old) + len(new), len(new), out)
    told = f"{old.min():.4g} to {old.max():.4g}", f"{out} of {len(new)} beyond"
    effect = float(out / len(new))
    yield Finding("unseen", name, "ranks", effect, *told, min(1.0, float(p)))


def compare_texts(name: str, old: Array, new: Array) -> Iterator[Finding]:
    """Yield how a variable of texts has changed: its most frequent ones, each alone."""
    counts = pd.DataFrame({"old": pd.Series(old).value_counts()})
    counts = counts.join(pd.Series(new).value_counts().rename("new"), how="outer")
    counts = counts.fillna(0).astype(int)
    order = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index
    rest = counts.loc[order[MOST_CATEGORIES:]].sum()
    counts = counts.loc[order[:MOST_CATEGORIES]]
    if rest.any():
        counts.loc["the rest"] = rest
    sizes = len(old), len(new)
    ps = [fisher(each, sizes) for each in counts.itertuples(index=False)]
    shares = counts / np.array(sizes)
    widest = int((shares["new"] - shares["old"]).abs().to_numpy().argmax())
    share = shares.iloc[widest].to_list()
    told = [f"{counts.index[widest]!r:.60}: {each:.1%}" for each in share]
    effect, p = abs(share[1] - share[0]), min(1.0, min(ps) * len(ps))
    test = "Fisher's exact, each category"
    yield Finding("drift", name, test, effect, told[0], told[1], p)


def fisher(
    counts: Any, sizes: tuple[int, int], alternative: Any = "two-sided"
) -> float:
    """Return the p-value of Fisher's exact test of two shares, counts of sizes."""
    others = [size - count for size, count in zip(sizes, counts, strict=True)]
    return float(stats.fisher_exact([list(counts), others], alternative).pvalue)


def compare_quality(before: Array, now: Array, classes: bool) -> Finding:
    """Return how wrong a model was and is; only worse counts.

    Args:
        before: Of rows that it was not trained on: 1 where it was wrong and 0
            elsewhere; of a regression, absolute errors. float64 (n,).
        now: The same of the rows to look at.
        classes: Whether these are zeros and ones.
    """
    if classes:
        wrong = int(before.sum()), int(now.sum())
        p = fisher(wrong, (len(before), len(now)), "less")
        effect = max(0.0, float(now.mean() - before.mean()))
        told = [f"{1 - each.mean():.1%} right" for each in (before, now)]
        return Finding(
            "quality", "accuracy", "Fisher's exact", effect, told[0], told[1], p
        )
    result = stats.mannwhitneyu(now, before, alternative="greater")
    # 0.5 if both are as wrong, 1 if each new error is larger than every old one
    odds = float(result.statistic) / (len(before) * len(now))
    told = [f"{each.mean():.4g} on average" for each in (before, now)]
    effect, p, name = max(0.0, 2 * odds - 1), float(result.pvalue), "absolute error"
    return Finding("quality", name, "Mann-Whitney", effect, told[0], told[1], p)
