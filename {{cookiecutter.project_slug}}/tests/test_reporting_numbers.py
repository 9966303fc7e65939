"""The report of a regression: its scores, its sections, its worst rows."""

from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from {{ cookiecutter.package_name }} import main
from {{ cookiecutter.package_name }}.reporting import numbers
from {{ cookiecutter.package_name }}.reporting.intervals import Drawing
from {{ cookiecutter.package_name }}.reporting.scored import Scored

DRAWING = Drawing(samples=200, confidence=0.95, seed=1)


def scored(truth: object) -> Scored:
    """Return rows whose predicted values are about right."""
    values = np.asarray(truth, dtype=np.float64)
    noise = np.random.default_rng(0).normal(size=len(values))
    return Scored(
        truth=values,
        outputs=(values + noise)[:, None],
        numbers=np.arange(len(values)),
        classes=(),
        target="price",
        noun="rows",
        available=len(values),
    )


def test_scores_are_those_of_scikit_learn() -> None:
    rows = scored(np.linspace(0, 10, 100))
    found = {each.key: each for each in numbers.number_measures(rows, DRAWING)}
    both = rows.truth, rows.predicted
    assert found["r2"].value == pytest.approx(metrics.r2_score(*both))
    assert found["mae"].value == pytest.approx(metrics.mean_absolute_error(*both))
    rmse = metrics.root_mean_squared_error(*both)
    assert found["rmse"].value == pytest.approx(rmse)
    for each in found.values():
        assert each.low is not None and each.high is not None
        assert each.low < each.value < each.high


def test_where_all_values_are_the_same_nothing_can_be_explained() -> None:
    found = numbers.number_measures(scored(np.full(20, 3.0)), DRAWING)
    assert [each.key for each in found] == ["mae", "rmse"]


def test_residuals_are_the_true_values_less_the_predicted_ones() -> None:
    rows = scored(np.linspace(0, 10, 100))
    section = numbers.residuals_section(rows)
    mean = (rows.truth - rows.predicted).mean()
    assert f"{mean:.4g} on average" in str(section.blocks[0])


def test_a_regression_is_reported_and_its_card_is_one(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("--data", "diabetes", "--folds", "2", "--quiet")
    assert main.main(["schema", "--data", "diabetes"]) == 0
    assert main.main(["train", *data]) == 0
    assert main.main(["report", "--bootstrap-samples", "100", "--quiet"]) == 0
    assert "rmse: " in capsys.readouterr().out
    text = Path("reports/model/1/report.html").read_text(encoding="utf-8")
    assert 'id="residuals"' in text and 'id="calibration"' not in text
    assert "mean absolute error" in text and "95% (bootstrap)" in text
    card = Path("reports/model/1/model_card.md").read_text(encoding="utf-8")
    assert "pipeline_tag: tabular-regression" in card and "Classes:" not in card
