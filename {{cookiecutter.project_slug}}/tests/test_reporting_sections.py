"""The sections of the page: what they show of scores, mistakes, groups and curves."""

import numpy as np

from {{ cookiecutter.package_name }}.reporting import blocks, classes, sections
from {{ cookiecutter.package_name }}.reporting.charts import INK, drawn, lines
from {{ cookiecutter.package_name }}.reporting.scored import Scored

from hostile import DRAWING, Known, known


def texts_of(section: blocks.Section) -> str:
    """Return what a section says, without its figures."""
    shown = [block for block in section.blocks if block.kind != "chart"]
    return " ".join(map(str, shown))


def test_many_classes_have_tables_in_place_of_figures_that_nobody_can_read() -> None:
    rows = known(25)
    confusion = classes.confusion_section(rows.scored)
    assert [block.kind for block in confusion.blocks] == ["table"]
    assert "The figures show the 10 classes" in texts_of(
        classes.curves_section(rows.scored)
    )
    kinds = {block.kind for block in sections.data_section(known(35)).blocks}
    assert kinds == {"table"}


def test_where_nothing_is_wrong_that_is_said() -> None:
    rows = known(3, right=True)
    assert "No class is taken for another" in texts_of(
        classes.confusion_section(rows.scored)
    )
    section = sections.mistakes_section(rows, 4)
    assert "0 of 90 test rows get a wrong class" in texts_of(section)
    (table,) = [block for block in section.blocks if isinstance(block, blocks.Table)]
    assert len(table.lines) == 4


def test_a_class_without_test_rows_has_no_curve() -> None:
    rows = known(3)
    part = rows.scored.labels < 2
    some = Scored(
        truth=rows.scored.truth[part],
        outputs=rows.scored.outputs[part],
        numbers=rows.scored.numbers[part],
        classes=rows.scored.classes,
        target="letter",
        noun="rows",
        available=None,
    )
    section = classes.curves_section(some)
    (table,) = [block for block in section.blocks if isinstance(block, blocks.Table)]
    assert table.lines[2] == ("2", 0, "–", "–")


def test_the_worst_mistakes_are_those_with_the_least_probability_of_the_truth() -> None:
    rows = known(3)
    section = sections.mistakes_section(rows, 3)
    (table,) = [block for block in section.blocks if isinstance(block, blocks.Table)]
    truth, outputs = rows.scored.labels, rows.scored.outputs
    own = outputs[np.arange(len(truth)), truth]
    wrong = rows.scored.predicted != truth
    assert f"({own[wrong].min():.1%}), predicted" in str(table.lines[0])


def test_a_mistake_goes_before_a_doubtful_success() -> None:
    some = Scored(
        truth=np.array([0, 0]),
        outputs=np.array([[0.34, 0.33, 0.33], [0.45, 0.55, 0.0]]),
        numbers=np.arange(2),
        classes=("a", "b", "c"),
        target="letter",
        noun="rows",
        available=2,
    )
    section = sections.mistakes_section(Known(some, some.labels), 1)
    assert some.losses[0] > some.losses[1]
    assert "1 of 2 test rows get a wrong class" in texts_of(section)
    assert "true a (45.0%), predicted b (55.0%)" in texts_of(section)


def test_the_worst_group_comes_first_and_small_ones_are_left_out() -> None:
    section = sections.slices_section(known(), DRAWING)
    (table,) = [block for block in section.blocks if isinstance(block, blocks.Table)]
    scores = [float(str(line[2])) for line in table.lines]
    assert scores == sorted(scores)
    assert "too small" not in str(table.lines)
    assert table.header[3] == "95% (Wilson)"


def test_the_parts_of_a_cross_validation_are_points() -> None:
    (block,) = sections.learning_section({"cv_accuracy": [0.8, 0.9]}).blocks
    assert isinstance(block, blocks.Chart)
    assert "left out of the cross-validation" in block.caption
    assert "no figures" in texts_of(sections.learning_section({}))


def test_figures_take_the_colour_of_the_pages_text() -> None:
    rows = known().scored
    section = classes.calibration_section(rows)
    (chart,) = [block for block in section.blocks if block.kind == "chart"]
    assert isinstance(chart, blocks.Chart)
    assert chart.svg.startswith("<svg") and "currentColor" in chart.svg
    assert INK not in chart.svg
    again = classes.calibration_section(rows)
    assert chart in again.blocks  # the same bytes


def test_names_that_are_formulas_or_start_with_an_underscore_are_drawn() -> None:
    curves = {name: ([0.0, 1.0], [0.0, 1.0]) for name in ("_a", "$x^2$", "$")}
    chart = drawn("key", "a caption", lines(curves, ("x", "y")))
    for name in curves:
        assert f">{name}</text>" in chart.svg
