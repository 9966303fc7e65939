"""Tests of training and scoring in chunks, on a file that any memory would hold."""

import os
import re
import signal
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from {{ cookiecutter.package_name }} import chunks, reading, streaming
from {{ cookiecutter.package_name }}.chunks import Split, open_table
from {{ cookiecutter.package_name }}.config import ProjectError
from {{ cookiecutter.package_name }}.datasets import DataError
from {{ cookiecutter.package_name }}.workers import InOrder, start_workers

ROWS = 3000
CHUNK_BYTES = 4096
SPLIT = Split(seed=1, test=0.25, validation=0.1)
CLASSES = ("no", "yes, \u201cquite\u201d")


def accept(frame: pd.DataFrame, first_row: int) -> pd.DataFrame:
    """Check nothing but what `check` is promised."""
    assert frame.index[0] == first_row
    return frame


def refuse(row: int, frame: pd.DataFrame, first_row: int) -> pd.DataFrame:
    """Find a mistake in one row."""
    if row in frame.index:
        raise DataError(f"row {row}: too small")
    return frame


def die(row: int, frame: pd.DataFrame, first_row: int) -> pd.DataFrame:
    """Be killed at one row, as by the kernel when memory is short."""
    if row in frame.index:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return frame


def make_frame() -> pd.DataFrame:
    """Return numbers and a category that tell a label and an amount."""
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 3))
    color = random.choice(["red", "green", "blue\nish"], ROWS)
    signal_ = x[:, 0] - x[:, 1] + 2 * (color == "red")
    noise = random.normal(scale=0.1, size=ROWS)
    return pd.DataFrame(
        {
            "id": [f"#{i}" for i in range(ROWS)],
            "a": 1000 + 50 * x[:, 0],
            "b": np.where(random.random(ROWS) < 0.05, np.nan, x[:, 1]),
            "color": color,
            "label": np.where(signal_ + noise > 0.7, *CLASSES[::-1]),
            "amount": 10 * signal_ + noise,
        }
    )


@pytest.fixture(scope="module")
def one() -> Iterator[InOrder]:
    with start_workers(1) as workers:
        yield workers


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Rows sorted by their label, the worst order to learn from."""
    path = tmp_path / "table.csv"
    make_frame().sort_values("label").to_csv(path, index=False)
    return path


def train(
    path: Path, workers: InOrder, target: str = "label", **options: Any
) -> tuple[streaming.ChunkedResult, dict[str, Any]]:
    """Train on a file; return the result, and what scoring must be given."""
    table = open_table(path, options.pop("chunk_bytes", CHUNK_BYTES))
    known: dict[str, reading.Kind] = {"label": "text"}
    columns = ["a", "b", "color", target]
    sample = reading.sample_rows(
        table, SPLIT, columns, known, options.pop("rows", 1000)
    )
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    model = SGDClassifier if target == "label" else SGDRegressor
    loss = "log_loss" if target == "label" else "squared_error"
    pipeline = Pipeline(
        [
            (
                "prepare",
                ColumnTransformer(
                    [("n", numbers, ["a", "b"]), ("c", categories, ["color"])]
                ),
            ),
            ("model", model(loss=loss, random_state=1)),
        ]
    )
    facts: dict[str, Any] = {
        "target": target,
        "classes": CLASSES if target == "label" else (),
        "kinds": reading.kinds_of(sample),
        "check": accept,
        "split": SPLIT,
        "workers": workers,
    }
    options = facts | options
    return streaming.train_in_chunks(table, pipeline, sample=sample, **options), facts


def test_the_model_is_the_same_bit_for_bit_with_any_number_of_workers(
    path: Path, one: InOrder
) -> None:
    expected, facts = train(path, one, epochs=2)
    scores = streaming.evaluate_in_chunks(
        open_table(path, 4096), expected.pipeline, **facts
    )
    for count in (2, 3):
        with start_workers(count) as workers:
            result, facts = train(path, workers, epochs=2)
            table = open_table(path, 4096)
            assert (
                streaming.evaluate_in_chunks(table, result.pipeline, **facts) == scores
            )
        assert result.history == expected.history
        assert result.rows == expected.rows
        for name in ("coef_", "intercept_"):
            assert np.array_equal(
                getattr(result.pipeline["model"], name),
                getattr(expected.pipeline["model"], name),
            )


def test_a_file_sorted_by_its_label_is_learnt(path: Path, one: InOrder) -> None:
    result, facts = train(path, one, epochs=2)
    scores = streaming.evaluate_in_chunks(open_table(path), result.pipeline, **facts)
    assert scores["accuracy"] > 0.93
    assert [len(values) for values in result.history.values()] == [2, 2]
    assert result.history["val_accuracy"][-1] > 0.93
    assert sum(result.rows.values()) == ROWS
    assert result.rows["test"] == scores["rows"]


def test_scores_are_those_of_the_test_rows_in_memory(path: Path, one: InOrder) -> None:
    result, facts = train(path, one)
    scores = streaming.evaluate_in_chunks(
        open_table(path, 4096), result.pipeline, **facts
    )
    frame = pd.read_csv(path)
    test = frame[SPLIT.parts(np.arange(len(frame)) + chunks.FIRST_ROW) == chunks.TEST]
    numbers = test["label"].map({name: i for i, name in enumerate(CLASSES)})
    predicted = result.pipeline.predict(test)
    probabilities = result.pipeline.predict_proba(test)
    assert scores["accuracy"] == metrics.accuracy_score(numbers, predicted)
    assert scores["loss"] == pytest.approx(metrics.log_loss(numbers, probabilities))
    everything = streaming.evaluate_in_chunks(
        open_table(path), result.pipeline, **facts | {"split": Split(0, test=1)}
    )
    assert everything["rows"] == ROWS


def test_test_rows_have_no_part_in_the_model(path: Path, one: InOrder) -> None:
    expected, _ = train(path, one)
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    test = SPLIT.parts(np.arange(len(frame)) + chunks.FIRST_ROW) == chunks.TEST
    # As many characters as before, so that the file is cut at the same places.
    frame.loc[test, "a"] = frame.loc[test, "a"].str.replace("1", "9")
    frame.to_csv(path, index=False)
    result, _ = train(path, one)
    for name in ("coef_", "intercept_"):
        assert np.array_equal(
            getattr(result.pipeline["model"], name),
            getattr(expected.pipeline["model"], name),
        )


def test_an_amount_is_learnt(path: Path, one: InOrder) -> None:
    result, facts = train(path, one, "amount", epochs=3)
    scores = streaming.evaluate_in_chunks(
        open_table(path, 4096), result.pipeline, **facts
    )
    assert scores["r2"] > 0.8
    assert set(result.history) == {"val_r2", "val_mae", "val_rmse"}


def change(path: Path, row: int, pattern: str, cell: str) -> None:
    """Change the cell of a row of the file."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[row - chunks.FIRST_ROW, pattern] = cell
    frame.to_csv(path, index=False)


def test_a_category_that_the_sample_lacks_is_an_unknown_one(
    path: Path, one: InOrder
) -> None:
    rows = np.arange(ROWS) + chunks.FIRST_ROW
    table = open_table(path, CHUNK_BYTES)
    sample = reading.sample_rows(table, SPLIT, rows=1000)
    unseen = int(np.setdiff1d(rows[SPLIT.parts(rows) != chunks.TEST], sample.index)[0])
    change(path, unseen, "color", "violet")
    result, _ = train(path, one)
    encoder = result.pipeline["prepare"].named_transformers_["c"]
    assert "violet" not in encoder.categories_[0]
    assert result.rows["train"] > 1000


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("label", "maybe", "row 77, column 'label': 'maybe' is not expected; the cl"),
        ("label", "", "row 77, column 'label': no value"),
        ("a", "-inf", "row 77, column 'a': -inf is not a finite number"),
        ("a", "", "row 77: a feature is missing, and the preparation does not fill it"),
    ],
)
def test_a_row_that_cannot_be_learnt_from_is_named(
    path: Path, one: InOrder, column: str, cell: str, message: str
) -> None:
    change(path, 77, column, cell)
    split = Split(seed=1)  # all rows are for training
    table = open_table(path)
    kinds: dict[str, reading.Kind] = {"a": "number", "label": "text"}
    pipeline = Pipeline([("prepare", StandardScaler()), ("model", SGDClassifier())])
    with pytest.raises(DataError, match=re.escape(f"{path}: {message}")):
        sample = reading.sample_rows(table, split, list(kinds), kinds)
        streaming.train_in_chunks(
            table,
            pipeline,
            target="label",
            classes=CLASSES,
            kinds=kinds,
            check=accept,
            split=split,
            sample=sample,
            workers=one,
        )


def test_what_the_check_finds_reaches_the_caller(path: Path, one: InOrder) -> None:
    with pytest.raises(DataError, match="table.csv: row 2000: too small"):
        train(path, one, check=partial(refuse, 2000))


def test_a_worker_killed_in_the_middle_is_reported(path: Path) -> None:
    with pytest.raises(ProjectError, match="killed"), start_workers(2) as workers:
        train(path, workers, check=partial(die, 2000), epochs=5)


def test_a_file_that_grows_meanwhile_is_refused(path: Path, one: InOrder) -> None:
    def slow(function: Any, items: Sequence[Any]) -> Iterator[Any]:
        for number, result in enumerate(one(function, items)):
            if number == 1:
                with path.open("a") as file:
                    file.write("a,new,row\n")
            yield result

    with pytest.raises(DataError, match="changed while it was being read"):
        train(path, slow)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", [SGDClassifier(), SGDRegressor()])
def test_models_learn_from_arrays_that_they_cannot_write_to(model: Any) -> None:
    features, targets = np.eye(2), np.arange(2)
    features.setflags(write=False)
    options = {"classes": targets} if isinstance(model, SGDClassifier) else {}
    model.partial_fit(features, targets, **options)
    assert model.coef_.shape[-1] == 2
