"""What servers load: every kind of pipeline predicts the same from its ONNX file."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from {{ cookiecutter.package_name }} import exporting, held_out, models
from {{ cookiecutter.package_name }}.agreement import run_onnx
from {{ cookiecutter.package_name }}.inputs import Inputs, Task
from {{ cookiecutter.package_name }}.main import main
from {{ cookiecutter.package_name }}.models import Estimator

from samples import MIXED, mixed_table

FEWER: dict[Estimator, dict[str, Any]] = {
    "forest": {"n_estimators": 10},
    "boosting": {"max_iter": 20},
}


def pipeline_and_rows(
    task: Task, estimator: Estimator, classes: int
) -> tuple[Pipeline, pd.DataFrame, Inputs]:
    """Return a pipeline of a table with gaps and rare texts, and rows to predict."""
    random = np.random.default_rng(1)
    frame = mixed_table(400)[["age", "city"]]
    frame["income"] = 1e5 * random.random(len(frame))
    # More than a one-hot encoder keeps apart, so that some share a column.
    frame["street"] = random.integers(0, 70, len(frame)).astype(str)
    frame["empty"] = np.nan
    columns: dict[str, Any] = dict.fromkeys(frame, "number")
    columns |= {"city": "category", "street": "category"}
    inputs = Inputs(target="paid", task=task, columns=columns)
    old = np.nan_to_num(frame["age"].to_numpy(), nan=50) + frame["income"] / 1e4
    # Far from zero, beside its deviation: what float32 would lose.
    target = old.to_numpy() + 1e6
    if task == "classification":
        target = pd.qcut(old, classes, labels=False).to_numpy(dtype=np.int64)
    pipeline = models.build_pipeline(columns, task, estimator, FEWER.get(estimator))
    models.train_model(pipeline, frame, target)
    gaps = held_out.with_gaps(frame, inputs)
    return pipeline, pd.concat([frame, gaps], ignore_index=True), inputs


@pytest.mark.parametrize("estimator", ["linear", "forest", "boosting", "sgd"])
@pytest.mark.parametrize(
    ("task", "classes"),
    [("classification", 2), ("classification", 3), ("regression", 0)],
)
@pytest.mark.filterwarnings("ignore:Maximum number of iteration")
def test_a_graph_predicts_what_its_pipeline_does(
    task: Task, classes: int, estimator: Estimator, tmp_path: Path
) -> None:
    pipeline, rows, inputs = pipeline_and_rows(task, estimator, classes)
    native = models.predict_outputs(pipeline, rows, "abc"[:classes])
    exporting.export_onnx(pipeline, inputs, tmp_path)
    output = "probabilities" if classes else "value"
    feeds = held_out.as_feeds(rows, inputs)
    found = run_onnx(tmp_path / "model.onnx", feeds, output)
    unit = 1.0 if classes else float(native.std())
    np.testing.assert_allclose(found / unit, native / unit, rtol=0, atol=1e-6)


def test_what_joblib_keeps_is_the_same_pipeline(tmp_path: Path) -> None:
    pipeline, rows, inputs = pipeline_and_rows("classification", "linear", 2)
    exporting.export_joblib(pipeline, tmp_path)
    feeds = held_out.as_feeds(rows, inputs)
    found = exporting.run_joblib(inputs, "ab", tmp_path, feeds)
    # "(missing)" stands in a request for what is NaN in the table.
    native = models.predict_outputs(pipeline, rows, "ab")
    np.testing.assert_array_equal(found, native)


def test_a_table_is_trained_and_exported(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ("--folds", "2", "--parameters", "n_estimators=10")
    assert main(["train", "--quiet", *MIXED, "--estimator", "forest", *few]) == 0
    assert main(["export", "--quiet"]) == 0
    assert "joblib:      0.0e+00 off the model at most" in capsys.readouterr().out
    assert main(["registry", "promote"]) == 0
    assert main(["predict", "--quiet", "--input", "people.csv"]) == 0
