"""Test rows: what is true of them, and what the model says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from .blocks import Block, Section
from .intervals import Drawing, FloatArray, IntArray, Measure

Mask = npt.NDArray[np.bool_]
Truth = IntArray | FloatArray

# What a probability of 0 counts as: its logarithm would be infinite.
SMALLEST = float(np.finfo(np.float64).eps)
QUARTERS = 4


@dataclass(frozen=True)
class Scored:
    """Test rows and what the model says of them.

    Attributes:
        truth: int64 (n,), the number of each row's class; float64 (n,), its value, of a
            regression.
        outputs: float64 (n, classes), probabilities; or (n, 1), predicted values.
        numbers: int64 (n,), where the rows stand in their data set.
        classes: The name of each class; none for a regression.
        target: What is predicted.
        noun: What rows are called: rows, or images.
        available: How many test rows there are; None where nobody has counted them.
    """

    truth: Truth
    outputs: FloatArray
    numbers: IntArray
    classes: tuple[str, ...]
    target: str
    noun: str
    available: int | None

    @cached_property
    def predicted(self) -> Truth:
        """The likeliest class of each row, int64 (n,); or its value, float64 (n,)."""
        if self.classes:
            return np.asarray(self.outputs.argmax(axis=1), dtype=np.int64)
        return self.outputs[:, 0]

    @cached_property
    def labels(self) -> IntArray:
        """The number of each row's true class, int64 (n,)."""
        return np.asarray(self.truth, dtype=np.int64)

    @cached_property
    def losses(self) -> FloatArray:
        """What each row costs, float64 (n,): cross-entropy in nats, or the error.

        That of a regression is the absolute error, in the unit of the target.
        """
        if not self.classes:
            return np.asarray(np.abs(self.outputs[:, 0] - self.truth))
        known = self.outputs[np.arange(len(self.truth)), self.labels]
        return np.asarray(-np.log(np.clip(known, SMALLEST, 1)))

    @cached_property
    def right(self) -> FloatArray:
        """1 for each row that gets its class, else 0; float64 (n,)."""
        return np.asarray(self.predicted == self.truth, dtype=np.float64)

    @property
    def extent(self) -> str:
        """How many rows these are, of how many."""
        count = len(self.truth)
        if self.available is None:
            return f"{count} test {self.noun}, drawn from a file larger than memory"
        if count == self.available:
            return f"All {count} test {self.noun}"
        return f"{count} test {self.noun}, drawn from all {self.available}"

    def shown(self, value: float) -> str:
        """Return a class' name, by its number, or a value, as the page shows it."""
        return self.classes[int(value)] if self.classes else f"{value:.6g}"


class Group(NamedTuple):
    """Some of the test rows.

    Attributes:
        name: What they have in common.
        rows: bool (n,), which ones.
    """

    name: str
    rows: Mask


class Rows(Protocol):
    """What a report needs of the data, whatever they are; see rows.py."""

    @property
    def scored(self) -> Scored: ...
    @property
    def training(self) -> Truth: ...

    def judged(self, drawing: Drawing) -> tuple[list[Measure], list[Section]]:
        """Return the scores, and the sections that show them in detail."""

    def facts(self) -> Sequence[tuple[str, object]]:
        """Return what is said of the data, as names and values."""

    def overview(self) -> Sequence[Block]:
        """Return what the data look like."""

    def groups(self) -> Iterator[Group]:
        """Yield groups of test rows to score on their own."""

    def shown(self, chosen: IntArray, captions: Sequence[str]) -> Block:
        """Return some test rows, by their places in `scored`, with what to say."""

    def predict(self, count: int) -> object:
        """Let the model predict the first `count` rows."""

    def feeds(self, count: int) -> Mapping[str, npt.NDArray[Any]]:
        """Return the first `count` rows as an exported model takes them."""


def drawn(count: int, most: int, seed: int) -> IntArray:
    """Return the places of at most so many of `count` rows, int64, in their order."""
    places = np.random.default_rng(seed).permutation(count)[:most]
    return np.sort(places).astype(np.int64)


def quarters(name: str, values: FloatArray) -> Iterator[Group]:
    """Yield the rows of each quarter of some numbers.

    Args:
        name: What the numbers are.
        values: float64 (n,); rows with NaN are a group of their own.
    """
    known = values[np.isfinite(values)]
    if known.size:
        edges = np.unique(np.quantile(known, np.linspace(0, 1, QUARTERS + 1)))
        # Neighbours share an edge: a row on it is in the lower group.
        places = np.searchsorted(edges[1:-1], values, side="left")
        for i in range(max(len(edges) - 1, 1)):
            low, high = edges[i], edges[min(i + 1, len(edges) - 1)]
            rows = (places == i) & np.isfinite(values)
            yield Group(f"{name}: {low:.4g} to {high:.4g}", rows)
    if known.size < values.size:
        yield Group(f"{name}: missing", ~np.isfinite(values))
