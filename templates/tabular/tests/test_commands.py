"""The commands, from settings to files."""

import json
import re
import signal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import main, models

from samples import MIXED, ONLY_ONCE, mixed_table

Output = pytest.CaptureFixture[str]


def run(*arguments: str) -> None:
    """Run a command that has to work."""
    assert main.main([*arguments, "--quiet"]) == 0


def refused(capsys: Output, *arguments: str) -> str:
    """Run a command that has to be refused; return what it says."""
    capsys.readouterr()
    assert main.main([*arguments, "--quiet"]) == 2
    shown = capsys.readouterr().err
    assert "Traceback" not in shown
    return shown


def read_json(path: str) -> dict[str, Any]:
    """Return the content of a JSON file."""
    content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize(
    ("data", "score", "margin"),
    [
        ("breast_cancer", "accuracy", 0.3),
        ("wine", "accuracy", 0.5),
        ("diabetes", "r2", 0.35),
    ],
)
def test_a_table_is_learned_far_better_than_the_simplest_guess(
    data: str, score: str, margin: float, project: Path, capsys: Output
) -> None:
    if data != "breast_cancer":  # the one whose schema is shipped
        run("schema", "--data", data)
    run("train", "--data", data)
    run("evaluate")
    metrics = read_json("reports/model/1/metrics.json")
    assert metrics[score] >= metrics["baseline"][score] + margin
    shown = capsys.readouterr().out
    assert f"baseline {score}: {metrics['baseline'][score]:.4f} (" in shown
    assert f"test {score}: {metrics[score]:.4f}\n" in shown
    manifest = read_json("models/model/1/manifest.json")
    assert manifest["dataset"] == data and len(manifest["data_sha256"]) == 64
    assert manifest["files"].keys() == {"model.skops", "schema.yaml"}
    assert {f"cv_{score}_mean", f"cv_{score}_std"} <= manifest["metrics"].keys()
    assert not any(name.startswith("test") for name in manifest["metrics"])


@pytest.mark.parametrize(
    ("estimator", "parameter"),
    [("linear", "C=1"), ("forest", "n_estimators=20"), ("boosting", "max_iter=20")],
)
def test_a_table_with_everything_in_it_goes_all_the_way(
    estimator: str, parameter: str, mixed: Path
) -> None:
    few = ("--folds", "3", "--parameters", parameter)
    run("train", *MIXED, "--estimator", estimator, *few)
    run("evaluate")
    metrics = read_json("reports/model/1/metrics.json")
    assert metrics["accuracy"] > metrics["baseline"]["accuracy"]
    assert set(metrics["classes"]) == {"no", "yes"}
    run("predict", "--input", "people.csv", "--output", "out/paid.csv")
    predicted = pd.read_csv("out/paid.csv", index_col="row")
    assert list(predicted.columns) == ["class", "probability"]
    assert list(predicted.index) == list(range(2, 162))
    assert ONLY_ONCE in predicted.index  # a category that training has not seen
    known = pd.read_csv("people.csv")["paid"].set_axis(predicted.index)
    assert (predicted["class"] == known).mean() > 0.7


def test_a_parquet_file_predicts_what_the_csv_file_does(
    mixed: Path, capsys: Output
) -> None:
    run("train", *MIXED)
    frame = mixed_table().drop(columns="paid")
    frame["member"] = frame["member"].map(str)
    frame.to_parquet("people.parquet")
    shown = []
    for name in ("people.csv", "people.parquet"):
        capsys.readouterr()
        run("predict", "--input", name)
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1] and shown[0].startswith("row,class,probability\n2,")


def test_the_same_seed_gives_the_same_predictions(project: Path) -> None:
    for name in ("one", "two"):
        few = ("--folds", "2", "--parameters", "n_estimators=10")
        run("train", "--estimator", "forest", *few, "--model-name", name)
        options = ("--model-name", name, "--output", f"{name}.csv")
        run("predict", "--input", "data/raw/breast_cancer.csv", *options)
    assert Path("one.csv").read_bytes() == Path("two.csv").read_bytes()


def test_values_of_a_regression_are_predicted(project: Path, capsys: Output) -> None:
    run("schema", "--data", "diabetes")
    run("train", "--data", "diabetes")
    capsys.readouterr()
    run("predict", "--input", "data/raw/diabetes.csv")
    header, first, *rest = capsys.readouterr().out.splitlines()
    assert header == "row,value" and len(rest) == 441
    assert re.fullmatch(r"2,\d+\.\d+", first)


def test_training_never_sees_the_test_rows(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    fit = models.train_model

    def spy(pipeline: Any, features: pd.DataFrame, target: Any) -> Any:
        seen.extend(features.index)
        return fit(pipeline, features, target)

    monkeypatch.setattr(models, "train_model", spy)
    run("train")
    scored: list[int] = []
    score = models.evaluate_model

    def look(pipeline: Any, features: pd.DataFrame, *rest: Any) -> Any:
        scored.extend(features.index)
        return score(pipeline, features, *rest)

    monkeypatch.setattr(models, "evaluate_model", look)
    run("evaluate")
    assert sorted(seen + scored) == list(range(2, 571))
    assert len(scored) == 114


def test_a_table_that_changed_after_training_is_not_scored(
    mixed: Path, capsys: Output
) -> None:
    run("train", *MIXED)
    with mixed.open("a", encoding="utf-8") as file:
        file.write("30,Köln,True,2020-01-01,yes\n")
    assert "has changed since version 1" in refused(capsys, "evaluate")


def test_a_table_without_a_schema_is_refused_with_the_command(
    project: Path, capsys: Output
) -> None:
    shown = refused(capsys, "train", "--data", "iris")
    assert "configs/schemas/iris.yaml" in shown and "the command `schema`" in shown


def test_bad_rows_are_put_aside_and_counted(mixed: Path, capsys: Output) -> None:
    with mixed.open("a", encoding="utf-8") as file:
        file.write("-500,Köln,True,2020-01-01,yes\n30,Köln,True,2020-01-01,\n")
    shown = refused(capsys, "train", *MIXED)
    assert "2 bad rows" in shown and "row 163, paid: is missing" in shown
    run("train", *MIXED, "--quarantine", "bad.csv")
    assert "2 of 162 rows are bad" in capsys.readouterr().err
    assert list(pd.read_csv("bad.csv")["row"]) == [162, 163]
    metrics = read_json("models/model/1/manifest.json")["metrics"]
    assert (metrics["rows"], metrics["rows_left_out"]) == (128, 2)
    run("evaluate")
    assert read_json("reports/model/1/metrics.json")["rows"] == 32
    options = ("--quarantine", "worse.csv", "--output", "out.csv")
    run("predict", "--input", "people.csv", *options)
    assert len(pd.read_csv("out.csv")) == 161  # an empty target does not matter here
    assert list(pd.read_csv("worse.csv")["row"]) == [162]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("age,city,member\n30,Köln,True\n", r"missing: *joined"),
        (
            "age,city,member,joined,more\n30,Köln,True,2020-01-01,1\n",
            "unknown: *more",
        ),
        ("age,city,member,joined\nold,Köln,True,2020-01-01\n", "'old' is not a number"),
        ("age,city,member,joined\n30,Ulm,True,2020-01-01\n", "'Ulm' is none of"),
        ("age,city,member,joined\n", "no row below it"),
    ],
)
def test_a_file_that_the_model_cannot_take_is_refused(
    text: str, message: str, mixed: Path, capsys: Output
) -> None:
    run("train", *MIXED)
    Path("new.csv").write_text(text, encoding="utf-8")
    assert re.search(message, refused(capsys, "predict", "--input", "new.csv"))


def test_parameters_are_numbers_words_and_nothing(project: Path) -> None:
    given = ("max_iter=500", "C=1e-1", "class_weight=balanced", "verbose=0")
    run("train", *(text for each in given for text in ("--parameters", each)))
    assert read_json("models/model/1/manifest.json")["settings"]["parameters"] == {
        "max_iter": 500,
        "C": 0.1,
        "class_weight": "balanced",
        "verbose": 0,
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate"], "run the command `train` first"),
        (["predict", "--input", "x.csv"], "run the command `train` first"),
        (["train", "--target", "mood"], "is for classification of 'diagnosis', not"),
        (["schema", "--force", "--target", "mood"], "no column 'mood' to predict"),
        (["schema", "--force", "--drop", "age"], "no column age to drop"),
        (["train", "--data", "absent.csv"], "Name it with --target"),
        (["train", "--estimator", "deep"], "allowed: linear, forest, boosting"),
        (["train", "--parameters", "c=1"], "LogisticRegression has no c"),
        (["train", "--parameters", "C=-1"], "The 'C' parameter"),
        (["train", "--folds", "90", "--test-fraction", "0.8"], "the rarest class has"),
        (["train", "--tuned"], "run the command `tune`"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(
    arguments: list[str], message: str, project: Path, capsys: Output
) -> None:
    assert message in refused(capsys, *arguments)


def test_tuned_parameters_are_trained_with(mixed: Path, capsys: Output) -> None:
    run("tune", *MIXED, "--trials", "3")
    shown = capsys.readouterr().out
    assert "the best of 3 trials" in shown
    best = read_json("models/model/tuning/linear.json")
    run("train", *MIXED, "--tuned")
    manifest = read_json("models/model/1/manifest.json")
    assert manifest["settings"]["parameters"] == best["parameters"]
    assert manifest["metrics"]["cv_accuracy_mean"] == pytest.approx(best["score"])
    assert "seed was 1 and is now 2" in refused(
        capsys, "train", *MIXED, "--tuned", "--seed", "2"
    )


def test_a_stopped_training_leaves_no_version(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    def interrupt(*arguments: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(models, "save_model", interrupt)
    assert main.main(["train", "--quiet"]) == 128 + signal.SIGINT
    assert "nothing half done is left" in capsys.readouterr().err
    assert list(Path("models/model").iterdir()) == []
