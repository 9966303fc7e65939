"""What the page and the card are made of, with texts that would break out of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from {{ cookiecutter.package_name }}.registry import Manifest
from {{ cookiecutter.package_name }}.reporting import blocks
from {{ cookiecutter.package_name }}.reporting import class_scores as scores
from {{ cookiecutter.package_name }}.reporting import intervals
from {{ cookiecutter.package_name }}.reporting.classes import class_sections
from {{ cookiecutter.package_name }}.reporting.scored import Group, Scored

from samples import INPUTS

DRAWING = intervals.Drawing(samples=100, confidence=0.95, seed=1)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></svg>]]>--><b>",
    "_$\\frac{a}{$",
    "{" + "{ 7 * 7 }" + "}",  # to Jinja, 49
    "new\nline | cell",
)


@dataclass(frozen=True)
class Known:
    """Rows without a model, as the sections take them."""

    scored: Scored
    training: intervals.IntArray

    def judged(
        self, drawing: intervals.Drawing
    ) -> tuple[list[intervals.Measure], list[blocks.Section]]:
        """Return the scores and their sections."""
        measures = scores.class_measures(self.scored, drawing)
        return measures, class_sections(self.scored)

    def facts(self) -> Sequence[tuple[str, object]]:
        """Return a fact with a hostile value."""
        return [("data set", HOSTILE[0])]

    def overview(self) -> Sequence[blocks.Block]:
        """Return a table whose header is hostile."""
        return [blocks.Table(HOSTILE[1], HOSTILE, [HOSTILE])]

    def groups(self) -> Iterator[Group]:
        """Yield one group for every hostile name, and one that is too small."""
        for name in HOSTILE:
            yield Group(name, self.scored.labels > 0)
        yield Group("too small", np.arange(len(self.scored.truth)) < 2)

    def shown(
        self, chosen: intervals.IntArray, captions: Sequence[str]
    ) -> blocks.Block:
        """Return the captions."""
        return blocks.Table("mistakes", ("what",), [(caption,) for caption in captions])

    def predict(self, count: int) -> object:
        """Return something, soon."""
        return count

    def feeds(self, count: int) -> dict[str, intervals.IntArray]:
        """Return nothing to predict from: there is no exported model."""
        return {}


def known(count: int = 6, right: bool = False) -> Known:
    """Return rows of classes with hostile names; about half of them are mistaken."""
    random = np.random.default_rng(0)
    names = HOSTILE if count == len(HOSTILE) else tuple(map(str, range(count)))
    truth = np.arange(30 * count) % count
    outputs = random.random((len(truth), count))
    outputs[np.arange(len(truth)), truth] += 9 if right else 0.5
    return Known(
        Scored(
            truth=truth,
            outputs=outputs / outputs.sum(axis=1, keepdims=True),
            numbers=np.arange(len(truth)),
            classes=names,
            target=HOSTILE[0],
            noun="rows",
            available=len(truth),
        ),
        truth,
    )


def hostile_manifest() -> Manifest:
    """Return a manifest with hostile texts wherever there is one."""
    return Manifest(
        name="model",
        created="2026-01-01T00:00:00Z",
        files={},
        metrics={},
        history={
            "loss": [2.0, 1.0],
            "val_loss": [2.5, 1.5],
            HOSTILE[0]: [0.1, 0.2],
            "accuracy": [0.5],
        },
        settings={"data": HOSTILE[0], HOSTILE[1]: None},
        seed=1,
        dataset=HOSTILE[0],
        classes=HOSTILE,
        inputs=INPUTS,
        data_sha256="0" * 64,
        libraries={"keras": "3", HOSTILE[2]: HOSTILE[1]},
        git_commit=None,
    )
