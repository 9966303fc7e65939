"""The sections of every report: the data, the training, mistakes and slices."""

from itertools import chain

import numpy as np
from scipy import stats

from .blocks import Block, Section, Table, Text
from .charts import bars, drawn, histogram, lines
from .intervals import Drawing, mean_of, measured
from .scored import Group, Rows, Scored

CLASSES_DRAWN = 30  # bars that fit into a figure
SLICES = 20  # the worst ones that are shown
FEWEST = 5  # rows of a slice: fewer say nothing


def data_section(rows: Rows) -> Section:
    """Return what the data are."""
    scored = rows.scored
    blocks: list[Block] = [Table("The data", ("what", "value"), rows.facts())]
    if scored.classes:
        count = len(scored.classes)
        parts = {
            name: np.bincount(values.astype(np.int64), minlength=count) / len(values)
            for name, values in (("training", rows.training), ("test", scored.truth))
        }
        if count <= CLASSES_DRAWN:
            draw = bars(scored.classes, parts, "part")
            caption = f"How the {scored.noun} are divided into classes."
            blocks.append(drawn("classes", caption, draw, (5.6, 1 + 0.28 * count)))
    else:
        values = {"training": rows.training, "test": scored.truth}
        caption = f"How often values of {scored.target} occur."
        blocks.append(drawn("target", caption, histogram(values, scored.target)))
    return Section("data", "Data", [*blocks, *rows.overview()])


def learning_section(history: dict[str, list[float]]) -> Section:
    """Return how the training went, or the cross-validation before it."""
    blocks: list[Block] = []
    kinds: dict[str, dict[str, list[float]]] = {}
    for name, values in history.items():
        kind = name.removeprefix("val_").removeprefix("cv_")
        kinds.setdefault(kind, {})[name] = values
    folds = any(name.startswith("cv_") for name in history)
    step = "part left out" if folds else "epoch"
    for kind, named in kinds.items():
        curves = {
            "validation" if name.startswith(("val_", "cv_")) else "training": (
                np.arange(1, len(values) + 1),
                values,
            )
            for name, values in named.items()
        }
        # A line between the parts of a cross-validation would mean nothing.
        few = max(map(len, named.values())) < 2
        blocks.append(
            drawn(
                f"learning-{kind}",
                (
                    f"{kind} on each part that was left out of the cross-validation."
                    if folds
                    else f"{kind} after each epoch."
                ),
                lines(curves, (step, kind), points=folds or few),
            )
        )
    if not blocks:
        blocks.append(Text("The manifest has no figures of the training."))
    return Section("learning", "Learning curves", blocks)


def mistakes_section(rows: Rows, most: int) -> Section:
    """Return the rows that cost most."""
    scored = rows.scored
    order = np.argsort(-scored.losses, kind="stable").astype(np.int64)
    if scored.classes:
        wrong = order[scored.right[order] == 0]
        # Where nothing is wrong, what comes next to it.
        order = (wrong if len(wrong) else order)[:most]
        intro = (
            f"{len(wrong)} of {len(scored.truth)} test {scored.noun} get a wrong "
            f"class. Below: {'of these, ' if len(wrong) else ''}those whose own class "
            "gets the smallest probability."
        )
        captions = [
            f"true {scored.shown(scored.truth[i])} ({own:.1%}), predicted "
            f"{scored.shown(scored.predicted[i])} ({scored.outputs[i].max():.1%})"
            for i in order
            for own in [scored.outputs[i, scored.labels[i]]]
        ]
    else:
        order = order[:most]
        intro = f"The {len(order)} test {scored.noun} with the largest errors."
        captions = [
            f"true {scored.truth[i]:.6g}, predicted {scored.predicted[i]:.6g}"
            for i in order
        ]
    return Section(
        "mistakes", "Worst mistakes", [Text(intro), rows.shown(order, captions)]
    )


def slices_section(rows: Rows, drawing: Drawing) -> Section:
    """Return the groups of rows that the model does worst on."""
    scored = rows.scored
    classes = (
        Group(f"class: {name}", scored.labels == number)
        for number, name in enumerate(scored.classes)
    )
    groups = [
        group
        for group in chain(classes, rows.groups())
        if np.count_nonzero(group.rows) >= FEWEST
    ]
    values = scored.right if scored.classes else scored.losses
    sign = 1 if scored.classes else -1
    groups.sort(key=lambda group: sign * values[group.rows].mean())
    table = []
    for group in groups[:SLICES]:
        inside = values[group.rows]
        table.append(
            (
                group.name,
                len(inside),
                f"{inside.mean():.4g}",
                interval(scored, inside, drawing),
            )
        )
    score = "accuracy" if scored.classes else "mean absolute error"
    how = "Wilson" if scored.classes else "bootstrap"
    intro = (
        f"The worst {len(table)} of {len(groups)} groups of {FEWEST} or more "
        f"{scored.noun}; all together: {values.mean():.4g}. Of many groups, some are "
        "worse by chance: look at the intervals."
    )
    header = ("group", scored.noun, score, f"{drawing.confidence:.0%} ({how})")
    return Section(
        "slices",
        "Slices",
        [Text(intro), Table("Groups, the worst first", header, table)],
    )


def interval(scored: Scored, values: object, drawing: Drawing) -> str:
    """Return where the mean of a group lies, as the page shows it.

    Of few rows that are all right, a bootstrap would say that none can be wrong.
    Source: Wilson, 1927, https://doi.org/10.1080/01621459.1927.10502953.
    """
    inside = np.asarray(values, dtype=np.float64)
    if not scored.classes:
        return measured("", "", mean_of(inside), len(inside), drawing).interval
    test = stats.binomtest(int(inside.sum()), len(inside))
    low, high = test.proportion_ci(drawing.confidence, method="wilson")
    return f"{low:.4g} to {high:.4g}"
