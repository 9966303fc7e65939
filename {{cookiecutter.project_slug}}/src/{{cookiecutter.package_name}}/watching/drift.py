"""Whether two samples can come from one source: the tests, and one alarm of them all.

Every test below gives a p-value: how often two samples of one source differ as much. A
run makes dozens of them, and some would be small by chance. So each is multiplied by
how many could still be wrong (Holm, 1979, https://www.jstor.org/stable/4615733): with
nothing changed, no more than a share `alpha` of the runs raises an alarm, however the
variables depend on each other.

Only arrays here: where rows come from, and where the findings go, is decided elsewhere.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]
# By name: float64 (n,), NaN where missing; or texts (n,), `MISSING` where missing.
Variables = Mapping[str, Array]
Group = Literal["drift", "missing", "unseen", "prediction", "quality"]

MISSING = "(missing)"  # as the exported model is given it
# Rarer categories are compared as one: alone, none of them could say much.
MOST_CATEGORIES = 50


@dataclass(frozen=True)
class Finding:
    """What one test found.

    Attributes:
        group: What was compared: values (`drift`), how many are missing, how many were
            never seen before, predictions, or how good these are.
        variable: Of which column, or of which figure of an image or a prediction.
        test: The test, as people know it.
        effect: How large the difference is, in [0, 1]: the largest gap between two
            distribution functions, or between two shares.
        before: What the reference has, in words.
        now: What the rows have.
        p: The test's p-value.
        adjusted: The same, multiplied for all tests of the run.
    """

    group: Group
    variable: str
    test: str
    effect: float
    before: str
    now: str
    p: float
    adjusted: float = 1.0


class Known(Protocol):
    """What is known of the training; see `reference.Reference`."""

    @property
    def inputs(self) -> Variables: ...
    @property
    def outputs(self) -> Variables: ...
    @property
    def errors(self) -> FloatArray: ...


def compare_all(
    known: Known,
    inputs: Variables,
    outputs: Variables,
    errors: FloatArray | None = None,
    classification: bool = True,
) -> list[Finding]:
    """Compare rows with what is known of the training.

    Args:
        known: What is known.
        inputs: The variables of the rows; some may be missing.
        outputs: Those of the predictions.
        errors: How wrong these were, as `quality_findings` takes it, if that is known.
        classification: Whether it is 0 or 1.

    Returns:
        The findings, the surest first, their p-values adjusted.
    """
    found = list(compare(known.inputs, inputs))
    found += [
        replace(finding, group="prediction")
        for finding in compare(known.outputs, outputs)
        if finding.group == "drift"
    ]
    if errors is not None:
        found += quality_findings(known.errors, errors, classification)
    return adjust(found)


def compare(before: Variables, now: Variables) -> Iterator[Finding]:
    """Yield drift, missing and unseen values of the variables that both samples have.

    Args:
        before: Those of the reference.
        now: Those of the rows to look at.
    """
    for name in before:
        if name in now:
            numbers = before[name].dtype.kind == "f"
            of_kind = number_findings if numbers else text_findings
            yield from of_kind(name, before[name], now[name])


def number_findings(name: str, before: Array, now: Array) -> Iterator[Finding]:
    """Yield what is found of a variable of numbers, float64 (n,) each."""
    old, new = before[~np.isnan(before)], now[~np.isnan(now)]
    if old.size and new.size:
        gap, p = largest_gap(old, new)
        yield Finding(
            "drift",
            name,
            "Kolmogorov-Smirnov",
            gap,
            f"median {np.median(old):.4g}",
            f"median {np.median(new):.4g}",
            p,
        )
        above, below = int((new > old.max()).sum()), int((new < old.min()).sum())
        yield Finding(
            "unseen",
            name,
            "ranks beyond the range",
            (above + below) / len(new),
            f"{old.min():.4g} to {old.max():.4g}",
            f"{above + below} of {len(new)} outside",
            min(1.0, 2 * beyond(max(above, below), len(old), len(new))),
        )
    gaps = int(np.isnan(before).sum()), int(np.isnan(now).sum())
    yield from missing_findings(name, gaps, (len(before), len(now)))


def largest_gap(before: Array, now: Array) -> tuple[float, float]:
    """Return the statistic of Kolmogorov and Smirnov, and its p-value.

    The same as `scipy.stats.ks_2samp(before, now, method="asymp")`, which spends
    milliseconds on its arguments; there are dozens of variables.

    Args:
        before: float64 (n,), n > 0.
        now: float64 (m,), m > 0.
    """
    old, new, at = np.sort(before), np.sort(now), np.concatenate([before, now])
    shares = (np.searchsorted(each, at, "right") / each.size for each in (old, new))
    gap = float(np.abs(np.subtract(*shares)).max())
    size = round(old.size * new.size / (old.size + new.size))
    return gap, float(stats.kstwo.sf(gap, size))


def beyond(count: int, before: int, now: int) -> float:
    """Return how likely the largest `count` of all values are all of the new sample.

    Args:
        count: How many new values are larger than every old one.
        before: The size of the old sample.
        now: The size of the new one.
    """
    return float(stats.hypergeom.pmf(count, before + now, now, count))


def text_findings(name: str, before: Array, now: Array) -> Iterator[Finding]:
    """Yield what is found of a variable of texts, (n,) each."""
    old, new = Counter(before.tolist()), Counter(now.tolist())
    missing = old.pop(MISSING, 0), new.pop(MISSING, 0)
    sizes = old.total(), new.total()
    if all(sizes):
        pooled = [text for text, _ in (old + new).most_common(MOST_CATEGORIES)]
        counts = np.array([(old[text], new[text]) for text in pooled])
        counts = np.vstack([counts, sizes - counts.sum(axis=0)])  # and the rest
        shares = counts / sizes
        gaps = np.abs(shares[:, 1] - shares[:, 0])
        widest = int(gaps.argmax())
        text = f"{[*pooled, 'the rest'][widest]!r:.60}"
        p = float(share_test(counts, sizes).min()) * len(counts)
        yield Finding(
            "drift",
            name,
            "hypergeometric, each category",
            float(gaps[widest]),
            f"{text}: {shares[widest, 0]:.1%}",
            f"{text}: {shares[widest, 1]:.1%}",
            min(1.0, p),
        )
        unseen = sum(count for text, count in new.items() if text not in old)
        # Good, 1953, https://doi.org/10.1093/biomet/40.3-4.237: of the next rows, as
        # many hold something new as hold, in the sample, what is in no other row.
        alone = sum(count == 1 for count in old.values())
        yield Finding(
            "unseen",
            name,
            "Fisher's exact, with Good's estimate",
            unseen / sizes[1],
            f"{alone / sizes[0]:.1%} expected",
            f"{unseen / sizes[1]:.1%} of {sizes[1]}",
            fisher((alone, unseen), sizes, "less"),
        )
    yield from missing_findings(name, missing, (len(before), len(now)))


def missing_findings(
    name: str, gaps: tuple[int, int], sizes: tuple[int, int]
) -> Iterator[Finding]:
    """Yield how the share of missing values has changed; nothing if none is missing.

    Whether one is depends on both samples together, not on which is which, so that to
    leave the test out is no chance of a false alarm.

    Args:
        name: The variable.
        gaps: How many values are missing in each sample.
        sizes: Of how many.
    """
    if any(gaps):
        shares = gaps[0] / sizes[0], gaps[1] / sizes[1]
        yield Finding(
            "missing",
            name,
            "Fisher's exact",
            abs(shares[1] - shares[0]),
            f"{shares[0]:.1%}",
            f"{shares[1]:.1%} of {sizes[1]}",
            fisher(gaps, sizes),
        )


def share_test(counts: Array, sizes: tuple[int, int]) -> FloatArray:
    """Return the p-value of each of many shares: twice the smaller tail, at most 1.

    As exact as Fisher's test, for all shares at once.

    Args:
        counts: int64 (n, 2), how often each is in either sample.
        sizes: Of how many.
    """
    total = counts.sum(axis=1)
    known = stats.hypergeom(sum(sizes), total, sizes[1])
    tails = known.cdf(counts[:, 1]), known.sf(counts[:, 1] - 1)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(*tails)), dtype=np.float64)


def fisher(
    counts: tuple[int, int],
    sizes: tuple[int, int],
    alternative: Literal["two-sided", "less", "greater"] = "two-sided",
) -> float:
    """Return the p-value of Fisher's exact test of two shares."""
    others = sizes[0] - counts[0], sizes[1] - counts[1]
    result = stats.fisher_exact([counts, others], alternative=alternative)
    return float(result.pvalue)


def quality_findings(
    before: FloatArray, now: FloatArray, classification: bool
) -> Iterator[Finding]:
    """Yield how wrong a model was and is; only worse is a finding.

    Args:
        before: Of rows that it was not trained on: 1 where it was wrong and 0
            elsewhere; of a regression, absolute errors. float64 (n,).
        now: The same of the rows to look at.
        classification: Whether these are zeros and ones.
    """
    if classification:
        wrong = int(before.sum()), int(now.sum())
        p = fisher(wrong, (len(before), len(now)), "less")
        shares = 1 - float(before.mean()), 1 - float(now.mean())
        old, new = (f"{share:.1%} right" for share in shares)
        name, test, effect = "accuracy", "Fisher's exact", max(0, shares[0] - shares[1])
    else:
        result = stats.mannwhitneyu(now, before, alternative="greater")
        p = float(result.pvalue)
        # 0.5 if both are as wrong, 1 if each new error is larger than every old one
        odds = float(result.statistic) / (len(before) * len(now))
        old, new = (f"{each.mean():.4g} on average" for each in (before, now))
        name, test, effect = "absolute error", "Mann-Whitney", max(0.0, 2 * odds - 1)
    yield Finding("quality", name, test, effect, old, new, p)


def adjust(found: Sequence[Finding]) -> list[Finding]:
    """Multiply the p-values by Holm's method; the smallest first."""
    ordered = sorted(found, key=lambda finding: (finding.p, -finding.effect))
    adjusted, least = [], 0.0
    for rank, finding in enumerate(ordered):
        least = max(least, min(1.0, finding.p * (len(ordered) - rank)))
        adjusted.append(replace(finding, adjusted=least))
    return adjusted
