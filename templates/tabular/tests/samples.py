"""Tables that the tests use."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from {{ cookiecutter.package_name }} import main
from {{ cookiecutter.package_name }}.adapter import Column, Inputs
from {{ cookiecutter.package_name }}.utils import load_named

# Options of a training that is over at once.
QUICK_TRAINING = ("--folds", "2")
# Files of rows that `monitor` has nothing against, and of others.
CLEAN, CHANGED = "clean.csv", "changed.csv"
INPUTS = Inputs(
    target="paid",
    task="classification",
    rules={
        "age": Column(kind="number"),
        "city": Column(kind="category"),
        "paid": Column(kind="category", categories=("no", "yes")),
    },
)
# The options for the file of the fixture `mixed`, and those that `schema` needs for it.
PEOPLE = ("--data", "people.csv")
MIXED = (*PEOPLE, "--target", "paid", "--task", "classification")
ONLY_ONCE = 6  # the row of the city "Only once", as a spreadsheet counts
CITIES = ("Köln", 'Saint-"Étienne"', "Zürich, ZH", "two\nlines")


def mixed_table(rows: int = 160) -> pd.DataFrame:
    """Return what real files hold: numbers, texts, booleans, dates, empty cells.

    Whether somebody paid follows from age and city, so that it can be learned. One row
    alone has the city "Only once"; The seed 1 puts it into the test part.
    """
    random = np.random.default_rng(0)
    age = random.integers(18, 90, rows).astype(float)
    city = random.choice(CITIES, rows).astype(object)
    paid = np.where((age > 50) ^ (city == CITIES[0]), "yes", "no")
    joined = pd.Timestamp("2020-01-01") + pd.to_timedelta(
        random.integers(0, 1000, rows), unit="D"
    )
    member = random.random(rows) > 0.5
    age[::17], city[::23] = np.nan, None
    city[ONLY_ONCE - 2] = "Only once"
    return pd.DataFrame(
        {
            "age": age,
            "city": city,
            "member": member,
            "joined": joined.strftime("%Y-%m-%d"),
            "paid": paid,
        }
    )


def people(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return a table that meets `INPUTS`, and a column that is not asked for."""
    random = np.random.default_rng(seed)
    age = random.integers(18, 90, rows)
    city = random.choice(["Ulm", "08"], rows)
    paid = np.where((age > 50) ^ (city == "Ulm"), "yes", "no")
    return pd.DataFrame({"id": range(rows), "age": age, "city": city, "paid": paid})


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Compute as the setting `threads` says: on small tables, more cost time."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def mixed(project: Path) -> Path:
    """The mixed table as a CSV file in the project's folder, with its schema.

    Cross-validation has two parts there, as its own tests are others.
    """
    (project / "configs/train.yaml").write_text("folds: 2\n", encoding="utf-8")
    path = project / "people.csv"
    mixed_table().to_csv(path, index=False)
    assert main.main(["schema", *MIXED]) == 0
    return path


def write_rows(clean: str = CLEAN, changed: str = CHANGED, count: int = 200) -> None:
    """Write rows of the default table as they are, and with one column scaled."""
    frame = load_named("breast_cancer").drop(columns="diagnosis")
    frame = frame.sample(count, random_state=0)
    frame.to_csv(clean, index=False)
    frame.assign(**{"mean radius": frame["mean radius"] * 1.2}).to_csv(
        changed, index=False
    )
