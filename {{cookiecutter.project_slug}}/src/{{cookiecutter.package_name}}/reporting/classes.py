"""The sections of a classification: scores, confusions, curves, calibration."""

import numpy as np
from sklearn import metrics

from .blocks import Block, Section, Table, Text
from .charts import NAMED, drawn, lines, matrix
from .intervals import FloatArray, IntArray
from .scored import Scored

MATRIX = 20  # classes whose confusions can be read in a figure
CONFUSIONS = 15  # pairs of classes in the table
BINS = 15  # of the confidence, as in the paper below


def class_sections(scored: Scored) -> list[Section]:
    """Return the sections that show a classification in detail."""
    return [
        confusion_section(scored),
        curves_section(scored),
        calibration_section(scored),
    ]


def confusion_section(scored: Scored) -> Section:
    """Return which classes are taken for which."""
    names = scored.classes
    codes = range(len(names))
    counts = metrics.confusion_matrix(scored.labels, scored.predicted, labels=codes)
    blocks: list[Block] = []
    if len(names) <= MATRIX:
        side = max(3.2, 0.42 * len(names) + 1.4)
        blocks.append(
            drawn(
                "confusion",
                f"Test {scored.noun}, a row for each true class; the darker, the "
                "larger the part of the class.",
                matrix(counts, names),
                (side + 0.4, side),
            )
        )
    off = counts - np.diag(np.diag(counts))
    order = np.argsort(-off, axis=None, kind="stable")[:CONFUSIONS]
    pairs = [divmod(int(place), len(names)) for place in order]
    lines_ = [
        (names[y], names[x], off[y, x], f"{off[y, x] / counts[y].sum():.1%}")
        for y, x in pairs
        if off[y, x]
    ]
    if lines_:
        header = ("true", "predicted", scored.noun, "part of the true class")
        blocks.append(Table("The most frequent confusions", header, lines_))
    else:
        blocks.append(Text("No class is taken for another one."))
    return Section("confusion", "Confusion matrix", blocks)


def curves_section(scored: Scored) -> Section:
    """Return the ROC and the precision-recall curves, each class against the rest."""
    roc, precision, table = {}, {}, []
    for number, name in enumerate(scored.classes):
        true = scored.labels == number
        inside = int(true.sum())
        if inside in (0, len(true)):
            table.append((name, inside, "–", "–"))
            continue
        chances = scored.outputs[:, number]
        roc[name] = metrics.roc_curve(true, chances)[:2]
        right, found, _ = metrics.precision_recall_curve(true, chances)
        precision[name] = found, right
        table.append(
            (
                name,
                inside,
                f"{metrics.roc_auc_score(true, chances):.4f}",
                f"{metrics.average_precision_score(true, chances):.4f}",
            )
        )
    # The worst ones say most, where there are too many for a figure.
    worst = sorted(roc, key=lambda name: metrics.auc(*roc[name]))[:NAMED]
    shown = [name for name in roc if name in worst]
    header = ("class", scored.noun, "area under ROC", "average precision")
    blocks: list[Block] = [Table("Each class against the rest", header, table)]
    if shown:
        blocks += [
            drawn(
                "roc",
                "ROC: of the others, how many are taken for the class, when that many "
                "of the class are found. Dotted: guessing.",
                lines(
                    {name: roc[name] for name in shown},
                    ("false positive rate", "true positive rate"),
                    diagonal=True,
                ),
            ),
            drawn(
                "precision-recall",
                "Precision and recall: of those that are taken for the class, how many "
                "are of it, when that many of it are found.",
                lines(
                    {name: precision[name] for name in shown}, ("recall", "precision")
                ),
            ),
        ]
    if len(shown) < len(roc):
        blocks.append(Text(f"The figures show the {NAMED} classes that do worst."))
    return Section("curves", "ROC and precision–recall", blocks)


def confidence_bins(scored: Scored) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return rows, mean confidence and accuracy, each (bins,), of the filled bins.

    The confidence is the probability of the predicted class; bins are equally wide.
    """
    confidence = scored.outputs.max(axis=1)
    places = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    filled = counts > 0
    means = [
        np.bincount(places, values, BINS)[filled] / counts[filled]
        for values in (confidence, scored.right)
    ]
    return counts[filled], means[0], means[1]


def calibration_error(scored: Scored) -> float:
    """Return the expected calibration error, in [0, 1].

    Source: Guo et al., On Calibration of Modern Neural Networks, 2017,
    https://arxiv.org/abs/1706.04599, equation 3, with 15 bins.
    """
    counts, confidence, accuracy = confidence_bins(scored)
    return float((counts * np.abs(accuracy - confidence)).sum() / counts.sum())


def calibration_section(scored: Scored) -> Section:
    """Return whether probabilities are what they say."""
    counts, confidence, accuracy = confidence_bins(scored)
    points = {"predicted class": (confidence, accuracy)}
    names = "mean probability", "part that is right"
    return Section(
        "calibration",
        "Calibration",
        [
            Text(
                f"Expected calibration error: {calibration_error(scored):.4f}. It is "
                "the mean distance between the probability of the predicted class and "
                f"how often that is right, over {BINS} equally wide bins (Guo et al., "
                "2017, arXiv:1706.04599). Few rows in a bin make it larger."
            ),
            drawn(
                "reliability",
                "Reliability: below the dotted line the model is too sure of itself, "
                "above it too little.",
                lines(points, names, diagonal=True, points=True),
            ),
            Table(
                "The bins",
                ("mean probability", "part that is right", scored.noun),
                [
                    (f"{said:.4f}", f"{was:.4f}", count)
                    for count, said, was in zip(
                        counts, confidence, accuracy, strict=True
                    )
                ],
            ),
        ],
    )
