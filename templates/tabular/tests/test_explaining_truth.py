"""What the explanations of a table say is true."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import spearmanr

from {{ cookiecutter.package_name }} import datasets, main, models
from {{ cookiecutter.package_name }}.chunks import TEST, Split
from {{ cookiecutter.package_name }}.explaining import exact
from {{ cookiecutter.package_name }}.explaining.agnostic import sampled_shap
from {{ cookiecutter.package_name }}.explaining.cells import Cells
from {{ cookiecutter.package_name }}.explaining.methods import METHODS
from {{ cookiecutter.package_name }}.explaining.subject import Subject
from {{ cookiecutter.package_name }}.inputs import Kind, Task
from {{ cookiecutter.package_name }}.models import Estimator, Target
from {{ cookiecutter.package_name }}.settings import ExplainSettings

from samples import MIXED, mixed_table

ESTIMATORS: tuple[Estimator, ...] = ("linear", "forest", "boosting")
FEW_TREES: dict[str, dict[str, Any]] = {
    "linear": {},
    "sgd": {},
    "forest": {"n_estimators": 20},
    "boosting": {"max_iter": 20},
}
SIGNALS = {"dose", "city"}  # the columns that the planted target is made of


def planted(task: Task) -> tuple[pd.DataFrame, Target]:
    """Return 300 rows of seven columns, two of which alone decide the target."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": random.normal(50, 10, 300),
            "dose": random.normal(3, 1, 300),
            "height": random.normal(170, 10, 300),
            "city": random.choice(["Köln", "a_b", "Zürich, ZH"], 300).astype(object),
            "colour": random.choice(["red", "blue"], 300).astype(object),
            "income": random.lognormal(size=300),
            "visits": random.poisson(3, 300).astype(float),
        }
    )
    effect = frame["city"].map({"Köln": -2.0, "a_b": 0.0, "Zürich, ZH": 2.0})
    value = 2 * (frame["dose"] - 3) + effect + random.normal(0, 0.2, 300)
    # What is missing is missing at random, in a number and in a text.
    frame.loc[::11, "income"], frame.loc[::13, "colour"] = np.nan, None
    if task == "regression":
        return frame, value.to_numpy(dtype=np.float64)
    return frame, (value > 0).to_numpy(dtype=np.int64)


def fitted(
    frame: pd.DataFrame, target: Target, task: Task, estimator: Estimator
) -> Subject:
    """Fit a pipeline to all rows but the last 40, which are to be explained."""
    kinds: dict[str, Kind] = {
        str(name): (
            "number" if pd.api.types.is_numeric_dtype(frame[name]) else "category"
        )
        for name in frame
    }
    pipeline = models.build_pipeline(kinds, task, estimator, FEW_TREES[estimator])
    models.train_model(pipeline, frame[:-40], target[:-40])
    classes = tuple(f"class {number}" for number in sorted(set(target)))
    classification = task == "classification"
    return Subject(
        model=pipeline,
        background=frame[:100],
        rows=frame[-40:],
        labels=target[-40:],
        classes=classes if classification else (),
        kinds=kinds,
        unit="probability" if classification else "price",
    )


def settings(**given: Any) -> ExplainSettings:
    """Return settings of the command, others than the defaults where given."""
    return ExplainSettings.model_construct(
        **{"seed": 1, "lime_samples": 300, "exact_shap": True, **given}
    )


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("estimator", [*ESTIMATORS, "sgd"])
def test_base_and_shap_values_add_up_to_the_output(
    estimator: Estimator, task: Task
) -> None:
    subject = fitted(*planted(task), task, estimator)
    found = METHODS["shap"](subject, settings()).contributions
    assert found.base is not None
    difference = np.abs(found.base + found.values.sum(axis=1) - found.output).max()
    print(f"{estimator}, {task}: base + sum - output is at most {difference:.1e}")
    assert difference < 1e-6
    # The output is what the pipeline says, before it is made a probability.
    predicted = subject.predict(subject.rows)[range(40), subject.explained]
    says = expit(found.output) if found.unit == "log-odds" else found.output
    np.testing.assert_allclose(says, predicted, rtol=1e-9)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_shap_values_add_up_for_three_classes_too(estimator: Estimator) -> None:
    frame = datasets.load_named("wine")
    target = frame.pop("cultivar").map(lambda name: int(name[-1])).to_numpy()
    # In the order of the file, the last rows would be of one class alone.
    order = np.random.default_rng(0).permutation(len(frame))
    frame = frame.iloc[order].astype(float)
    subject = fitted(frame, target[order], "classification", estimator)
    assert set(subject.explained) == {0, 1, 2}
    for found in (
        METHODS["shap"](subject, settings()).contributions,
        exact.eli5_contributions(
            subject.model, subject.rows, subject.explained, subject.unit
        ),
    ):
        if found is None:
            assert estimator == "boosting"  # which ELI5 does not know
            continue
        assert found.base is not None
        total = found.base + found.values.sum(axis=1)
        np.testing.assert_allclose(total, found.output, atol=1e-6)


def test_shap_values_of_a_linear_model_are_those_that_its_outputs_show() -> None:
    subject = fitted(*planted("regression"), "regression", "linear")
    subject = replace(
        subject, rows=subject.rows[:3], background=subject.background[:20]
    )
    exactly = METHODS["shap"](subject, settings()).contributions
    sampled = sampled_shap(subject, seed=1)
    np.testing.assert_allclose(sampled.values, exactly.values, atol=1e-9)
    assert METHODS["shap"](subject, settings(exact_shap=False)).contributions.how == (
        sampled.how
    )


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_columns_that_decide_are_ranked_first(
    estimator: Estimator, method: str, task: Task
) -> None:
    subject = fitted(*planted(task), task, estimator)
    found = METHODS[method](subject, settings())
    first = {found.features[number] for number in found.order[:2]}
    assert first == SIGNALS
    # Also row by row: what decides is what most of the rows' contributions are.
    size = np.abs(found.contributions.values)
    share = size[:, found.order[:2]].sum() / size.sum()
    print(f"{method}, {estimator}: {share:.0%} of all contributions")
    assert share > 0.5


def tumours() -> tuple[pd.DataFrame, Target]:
    """Return the 569 rows and 30 columns of breast_cancer, and what is benign."""
    frame = datasets.load_named("breast_cancer")
    return frame, (frame.pop("diagnosis") == "benign").to_numpy(dtype=np.int64)


@pytest.mark.parametrize("method", METHODS)
def test_random_weights_are_explained_differently(method: str) -> None:
    """The model randomisation test: Adebayo et al., 2018, arXiv:1810.03292."""
    frame, labels = tumours()
    subject = fitted(frame, labels, "classification", "linear")
    trained = METHODS[method](subject, settings()).importance
    again = METHODS[method](subject, settings()).importance
    np.testing.assert_array_equal(trained, again)
    model = subject.model["model"]
    model.coef_ = np.random.default_rng(0).normal(size=model.coef_.shape)
    other = METHODS[method](subject, settings()).importance
    correlation = spearmanr(trained, other).statistic
    print(f"{method}: Spearman's rho with random weights is {correlation:.2f}")
    assert abs(correlation) < 0.4


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("estimator", ["forest", "boosting"])
def test_trees_grown_on_shuffled_labels_are_explained_differently(
    estimator: Estimator, method: str
) -> None:
    """Trees have no weights to randomise: the data randomisation test, ibid."""
    frame, labels = tumours()
    shuffled = np.random.default_rng(0).permutation(labels)
    found = []
    for target in (labels, shuffled):
        subject = fitted(frame, target, "classification", estimator)
        few = replace(subject, rows=subject.rows[:10], labels=target[-40:-30])
        explained = METHODS[method](few, settings())
        found.append(explained.importance)
    correlation = spearmanr(*found).statistic
    print(f"{method}, {estimator}: rho with shuffled labels is {correlation:.2f}")
    assert abs(correlation) < 0.4


@pytest.mark.parametrize("estimator", ["linear", "forest"])
def test_eli5_takes_predictions_and_the_model_apart(estimator: Estimator) -> None:
    subject = fitted(*planted("classification"), "classification", estimator)
    assert set(subject.explained) == {0, 1}
    found = METHODS["eli5"](subject, settings())
    parts = found.contributions
    assert parts.base is not None
    total = parts.base + parts.values.sum(axis=1)
    np.testing.assert_allclose(total, parts.output, atol=1e-6)
    heaviest = max(found.weights, key=lambda weight: abs(weight[2]))
    assert heaviest[1].split("__")[1] == "dose"


def test_prepared_columns_find_their_column_again() -> None:
    frame, target = planted("classification")
    columns = list(frame)
    names: dict[str, list[str]] = {}
    for estimator in ESTIMATORS:
        subject = fitted(frame, target, "classification", estimator)
        found = exact.origins(subject.model, columns)
        names[estimator] = [columns[number] for number in found]
    numbers = ["age", "dose", "height", "income", "visits", "income"]
    assert names["linear"] == [*numbers, *["city"] * 3, *["colour"] * 3]
    assert names["boosting"] == [*numbers, "city", "colour"]


def test_cells_become_numbers_and_the_same_cells_again() -> None:
    frame, _ = planted("classification")
    kinds: Any = {name: "number" for name in frame} | {
        "city": "category",
        "colour": "category",
    }
    cells = Cells.of(frame, kinds)
    numbers = cells.encode(frame)
    assert not np.isnan(numbers).any()
    assert [list(frame)[i] for i in cells.columns[frame.shape[1] :]] == ["income"]
    again = cells.decode(numbers)
    pd.testing.assert_frame_equal(again.fillna("?"), frame.fillna("?"))


def explained(*options: str) -> list[dict[str, str]]:
    """Run the command by LIME, which minds texts and gaps, and return its rows."""
    few = ("--explained-rows", "5", "--background-rows", "30", "--lime-samples", "50")
    assert main.main(["explain", "--quiet", "--method", "lime", *few, *options]) == 0
    folder = Path("reports/model/1/explain") / (
        "input-people" if "--input" in options else ""
    )
    with (folder / "lime" / "rows.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_rows_of_a_file_are_explained_by_the_columns_of_the_table(mixed: Path) -> None:
    assert main.main(["train", "--quiet", *MIXED]) == 0
    rows = explained("--input", "people.csv")
    assert set(rows[0]) == {"row", "explained", "output", "base"} | (
        set(mixed_table()) - {"paid"}
    )
    assert len(rows) == 5 and {row["explained"] for row in rows} <= {"yes", "no"}


def test_a_table_larger_than_memory_is_explained_by_its_test_rows(mixed: Path) -> None:
    in_chunks = ("--in-memory-mb", "0", "--workers", "1")
    assert main.main(["train", "--quiet", *MIXED, *in_chunks]) == 0
    rows = explained()
    split = Split(seed=1, test=0.2, validation=0.1)
    parts = split.parts(np.array([int(row["row"]) for row in rows]))
    assert list(parts) == [TEST] * 5


def test_rows_that_the_schema_refuses_are_not_explained(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["train", "--quiet", *MIXED]) == 0
    mixed_table().assign(age="old").to_csv("bad.csv", index=False)
    assert main.main(["explain", "--quiet", "--input", "bad.csv"]) == 2
    assert "'old' is not a number" in capsys.readouterr().err
