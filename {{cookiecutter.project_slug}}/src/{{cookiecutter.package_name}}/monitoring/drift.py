"""Whether two samples can come from one source: the tests, and one alarm of them all.

A run makes dozens of tests, so each p-value is multiplied by how many could still be
wrong (Holm's method): where nothing has changed, at most a share `alpha` of the runs
raises an alarm, however the variables depend on each other.
Yours: another test is another `Finding`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ..adapter import Array

# By name: float64 (n,), NaN where missing; datetime64[s] (n,), NaT where missing; or
# texts (n,), `MISSING` where missing.
Variables = Mapping[str, Array]

MISSING = "(missing)"  # as an exported model is given it
MOST_CATEGORIES = 50  # rarer ones are one: alone, none of them could say much


class Sample(NamedTuple):
    """Rows, what a model says of them, and what is true."""

    variables: Variables
    outputs: Array  # probabilities (n, classes), or values (n, 1)
    labels: Array  # float64 (n,): the number of the class, or a value; NaN if unknown


class Finding(NamedTuple):
    """What one test found."""

    group: str  # drift, missing or unseen values, prediction, quality
    variable: str  # a column, or a figure of an image or a prediction
    test: str  # as people know it
    effect: float  # the largest gap between two shares or distributions, in [0, 1]
    before: str  # what the reference has
    now: str  # what the rows have
    p: float


def compare(before: Sample, now: Sample, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return what each test of rows and a reference finds, the surest one first."""
    found = [*compare_variables(before.variables, now.variables)]
    outputs = (predicted(each.outputs, classes) for each in (before, now))
    for each in compare_variables(*outputs):
        if each.group == "drift":
            found.append(each._replace(group="prediction"))
    old, new = mistakes(before, classes), mistakes(now, classes)
    if len(new):
        found.append(compare_quality(old, new, bool(classes)))
    table = pd.DataFrame(found, columns=Finding._fields)
    table["adjusted"] = multipletests(table["p"], method="holm")[1]
    return table.sort_values(["p", "effect"], ascending=[True, False])


def predicted(outputs: Array, classes: tuple[str, ...]) -> dict[str, Array]:
    """Return what is compared of predictions."""
    # A tree says the same of many rows; what an exported one says differs in the last
    # digits, and is the same here.
    if not classes:
        return {"value": np.array([float(f"{each:.5g}") for each in outputs[:, 0]])}
    best = np.array(classes, dtype=object)[outputs.argmax(axis=1)]
    return {"class": best, "probability": outputs.max(axis=1).round(4)}


def mistakes(sample: Sample, classes: tuple[str, ...]) -> Array:
    """Return how wrong labelled predictions are: 0 or 1, or absolute errors."""
    known = ~np.isnan(sample.labels)
    outputs, labels = sample.outputs[known], sample.labels[known]
    if classes:
        return np.asarray(outputs.argmax(axis=1) != labels, dtype=np.float64)
    return np.asarray(np.abs(outputs[:, 0] - labels))


def compare_variables(before: Variables, now: Variables) -> Iterator[Finding]:
    """Yield what has changed of the variables that both samples have."""
    for name in (name for name in before if name in now):
        old, new = pd.Series(before[name]), pd.Series(now[name])
        show: Callable[[float], str] = "{:.4g}".format
        if pd.api.types.is_datetime64_dtype(old):
            since, show = np.datetime64(0, "s"), as_date
            old, new = ((each - since) / pd.Timedelta("1D") for each in (old, new))
        if numbers := pd.api.types.is_numeric_dtype(old):
            # As a server is asked: what it has logged equals what it has not.
            old, new = old.astype("float32"), new.astype("float32")
        else:
            old, new = old.mask(old == MISSING), new.mask(new == MISSING)
        gaps, sizes = (old.isna().sum(), new.isna().sum()), (len(old), len(new))
        # Whether one is missing depends on both samples together, not on which is
        # which: to leave the test out is no chance of a false alarm.
        if any(gaps):
            shares = np.divide(gaps, sizes)
            told = f"{shares[0]:.1%}", f"{shares[1]:.1%} of {sizes[1]}"
            effect, p = abs(shares[1] - shares[0]), fisher(gaps, sizes)
            yield Finding("missing", name, "Fisher's exact", effect, *told, p)
        old, new = old.dropna(), new.dropna()
        if len(old) and len(new):
            if numbers:
                yield from compare_numbers(name, old.to_numpy(), new.to_numpy(), show)
            else:
                yield from compare_texts(name, old.to_numpy(), new.to_numpy())


def as_date(days: float) -> str:
    """Return days since 1970 as a date."""
    return str(np.datetime64(int(days), "D"))


def compare_numbers(
    name: str, old: Array, new: Array, show: Callable[[float], str]
) -> Iterator[Finding]:
    """Yield how a variable of numbers has changed, (n,) and (m,)."""
    gap, p = stats.ks_2samp(old, new, method="asymp")
    told = f"median {show(np.median(old))}", f"median {show(np.median(new))}"
    yield Finding("drift", name, "Kolmogorov-Smirnov", gap, *told, p)
    # A unit that is mistaken in a few rows: how likely the largest (or the smallest)
    # values of all are all of the new sample.
    out = int(max((new > old.max()).sum(), (new < old.min()).sum()))
    left = np.arange(len(new), len(new) - out, -1)
    p = min(1.0, 2 * float(np.prod(left / (len(old) + left))))
    seen = f"{show(old.min())} to {show(old.max())}"
    told = seen, f"{out} of {len(new)} beyond"
    yield Finding("unseen", name, "ranks", out / len(new), *told, p)


def compare_texts(name: str, old: Array, new: Array) -> Iterator[Finding]:
    """Yield how a variable of texts has changed: its most frequent ones, each alone."""
    texts = pd.Series([*old, *new], dtype=object)
    often = texts.value_counts().sort_index().nlargest(MOST_CATEGORIES).index
    texts = texts.where(texts.isin(often), "the rest")
    sizes = len(old), len(new)
    counts = pd.crosstab(texts, np.repeat([0, 1], sizes))
    p = min(fisher(each, sizes) for each in np.unique(counts, axis=0)) * len(counts)
    shares = counts / np.array(sizes)
    gaps = (shares[1] - shares[0]).abs()
    widest, effect, test = gaps.idxmax(), gaps.max(), "Fisher's exact, each category"
    was, told = (f"{widest!r:.60}: {share:.1%}" for share in shares.loc[widest])
    yield Finding("drift", name, test, effect, was, told, min(1.0, p))


def fisher(counts: Any, sizes: Any, alternative: Any = "two-sided") -> float:
    """Return the p-value of Fisher's exact test of two shares, counts of sizes."""
    table = np.array([counts, np.subtract(sizes, counts)])
    return float(stats.fisher_exact(table, alternative).pvalue)


def compare_quality(before: Array, now: Array, classes: bool) -> Finding:
    """Return whether mistakes, 0 and 1 or absolute errors, have become worse."""
    means, sizes = (before.mean(), now.mean()), (len(before), len(now))
    if classes:
        p = fisher((before.sum(), now.sum()), sizes, "less")
        was, told = (f"{1 - mean:.1%} right" for mean in means)
        effect = max(0.0, means[1] - means[0])
        return Finding("quality", "accuracy", "Fisher's exact", effect, was, told, p)
    gap, p = stats.ks_2samp(now, before, alternative="less", method="asymp")
    was, told = (f"{mean:.4g} on average" for mean in means)
    test = "Kolmogorov-Smirnov, one-sided"
    return Finding("quality", "absolute error", test, gap, was, told, p)
