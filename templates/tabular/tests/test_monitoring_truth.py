"""How often `monitor` is wrong about tables, and what it catches."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import main
from {{ cookiecutter.package_name }}.adapter import Array
from {{ cookiecutter.package_name }}.monitoring import drift
from {{ cookiecutter.package_name }}.monitoring.drift import Sample

from samples import PEOPLE, QUICK_TRAINING

CLASSES = ("no", "yes")
ALPHA = 0.05
RESAMPLES = 20
ROWS = 200  # as many as the README names
TRAINING = 2000

Columns = dict[str, Array]
Change = Callable[[Columns], object]


def table(generator: np.random.Generator, count: int) -> Sample:
    """Return rows, what a model says of them, and what is true of them."""
    size = generator.normal(size=count)
    late = 1 / (1 + np.exp(-2 * size))
    cities = generator.choice(list("abcd"), count, p=[0.6, 0.3, 0.08, 0.02])
    columns: Columns = {
        "size": size,
        "price": generator.gamma(2, np.exp(0.3 * size)),
        "stars": generator.poisson(3, count).astype(float),
        "gaps": np.where(generator.random(count) < 0.1, np.nan, size),
        "city": np.where(generator.random(count) < 0.05, drift.MISSING, cities),
        "name": generator.zipf(1.6, count).astype(str),
    }
    outputs = np.stack([1 - late, late], axis=1)
    return Sample(columns, outputs, (generator.random(count) < late).astype(float))


def watched(seed: int, change: Change | None = None) -> pd.DataFrame:
    """Compare 200 rows, perhaps changed, with those of a training."""
    generator = np.random.default_rng(seed)
    training = table(generator, TRAINING)
    test, now = table(generator, TRAINING // 4), table(generator, ROWS)
    if change is not None:
        change(dict(now.variables))
    return drift.compare(test._replace(variables=training.variables), now, CLASSES)


def shifted(columns: Columns) -> None:
    """Add half a standard deviation to a column."""
    columns["size"] += 0.5


def scaled(columns: Columns) -> None:
    """Multiply a column by one and a half."""
    columns["price"] *= 1.5


def newly_missing(columns: Columns) -> None:
    """Leave a column empty in a tenth of the rows, that never was."""
    columns["stars"][::10] = np.nan


def new_category(columns: Columns) -> None:
    """Put a text into a tenth of the rows that was never seen."""
    columns["city"][::10] = "e"


def test_clean_rows_raise_no_more_false_alarms_than_allowed() -> None:
    found = [watched(seed) for seed in range(RESAMPLES)]
    alarms = [each["adjusted"].min() <= ALPHA for each in found]
    print(f"{sum(alarms)} false alarms in {RESAMPLES} runs of {ROWS} clean rows")
    assert sum(alarms) <= ALPHA * RESAMPLES
    # Each test alone, which so few runs say more about.
    assert (pd.concat(found)["p"] <= ALPHA).mean() <= ALPHA


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (shifted, "size"),
        (scaled, "price"),
        (newly_missing, "stars"),
        (new_category, "city"),
    ],
)
def test_a_changed_column_is_caught_each_time(change: Change, column: str) -> None:
    first = [watched(seed, change).iloc[0] for seed in range(5)]
    caught = sum(each.adjusted <= ALPHA and each.variable == column for each in first)
    print(f"{change.__name__}: {caught} of 5 runs of {ROWS} rows caught")
    assert caught == 5


def test_rows_that_predict_refuses_are_looked_at(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A column that is gone, a new city, a text for a number; the truth is known."""
    assert main.main(["train", *PEOPLE, *QUICK_TRAINING, "--quiet"]) == 0
    assert main.main(["monitor", "--input", str(mixed)]) == 0
    assert "accuracy" in Path("reports/model/1/monitor/index.html").read_text("utf-8")
    changed = pd.read_csv(mixed).drop(columns="joined")
    changed.loc[:80, "city"] = "Lyon"
    changed["age"] = changed["age"].astype(object)
    changed.loc[:80, "age"] = "unknown"
    changed.to_csv("changed.csv", index=False)
    capsys.readouterr()
    assert main.main(["monitor", "--input", "changed.csv"]) == 1
    shown = capsys.readouterr().out
    assert "joined: 0.0% -> 100.0% of 160" in shown
    assert "missing:     age" in shown and "drift:       city" in shown
    pd.DataFrame({"height": [1.0] * 40}).to_csv("other.csv", index=False)
    assert main.main(["monitor", "--input", "other.csv"]) == 2
    mixed.rename("kept.csv")
    pd.read_csv("kept.csv")[1:].to_csv(mixed, index=False)
    assert main.main(["monitor", "--input", "kept.csv"]) == 2
    assert "has changed since version 1 was trained" in capsys.readouterr().err


def test_a_regression_is_watched(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("--data", "diabetes", "--quiet")
    assert main.main(["schema", *data]) == 0
    assert main.main(["train", *data, *QUICK_TRAINING]) == 0
    file = Path("data/raw/diabetes.csv")
    assert main.main(["monitor", "--input", str(file)]) == 0
    frame = pd.read_csv(file)
    frame["progression"] += 200
    frame.to_csv("changed.csv", index=False)
    capsys.readouterr()
    assert main.main(["monitor", "--input", "changed.csv"]) == 1
    assert "quality:     absolute error" in capsys.readouterr().out
