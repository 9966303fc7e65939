"""The commands, from settings to files."""

import io
import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from {{ cookiecutter.package_name }} import (
    adapter,
    main,
    models,
    registry,
    utils,
)

from samples import MIXED, ONLY_ONCE, PEOPLE, mixed_table

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
    ("data", "score", "least"),
    [
        ("breast_cancer", "accuracy", 0.9),
        ("wine", "accuracy", 0.9),
        ("diabetes", "r2", 0.35),
    ],
)
def test_a_table_is_learned_far_better_than_by_guessing(
    data: str, score: str, least: float, project: Path, capsys: Output
) -> None:
    if data != "breast_cancer":  # the one whose schema is shipped
        run("schema", "--data", data)
    run("train", "--data", data)
    run("evaluate")
    metrics = read_json("reports/model/1/metrics.json")
    assert metrics[score] >= least
    shown = capsys.readouterr().out
    assert shown.isascii()
    assert f"test {score}: {metrics[score]:.4f}\n" in shown
    manifest = read_json("models/model/1/manifest.json")
    assert manifest["dataset"] == data and len(manifest["data_sha256"]) == 64
    assert manifest["files"].keys() == {"model.skops", "model.joblib", "model.onnx"}
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
    run("train", *PEOPLE, "--estimator", estimator, *few)
    run("evaluate")
    metrics = read_json("reports/model/1/metrics.json")
    assert metrics["accuracy"] > metrics["baseline"]
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
    run("train", *PEOPLE)
    mixed_table().drop(columns="paid").to_parquet("people.parquet")
    shown = []
    for name in ("people.csv", "people.parquet"):
        capsys.readouterr()
        run("predict", "--input", name)
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1] and shown[0].startswith("row,class,probability\n2,")


def test_csv_and_parquet_in_a_folder_that_exceeds_the_memory_give_the_same_model(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setattr(utils, "CHUNK_ROWS", 200)
    frames = []
    for kind in ("csv", "parquet"):
        Path(kind).mkdir()
        for number in range(3):
            frame = mixed_table(300)
            frame["paid"] = np.where(frame["age"].fillna(50) > 55, "yes", "no")
            file = f"{kind}/{number}.{kind}"
            if kind == "csv":
                frame.to_csv(file, index=False)
            else:
                frame.astype({"joined": "datetime64[s]"}).to_parquet(file)
        run("schema", "--data", kind, *MIXED[2:])
        large = ("--in-memory-mb", "0", "--epochs", "4", "--model-name", kind)
        assert "sgd" in refused(capsys, "train", "--data", kind, *large)
        run("train", "--data", kind, "--estimator", "sgd", "--folds", "2", *large)
        run("evaluate", "--model-name", kind)
        run("predict", "--input", kind, "--model-name", kind, "--output", f"{kind}.txt")
        frames.append(pd.read_csv(f"{kind}.txt"))
    pd.testing.assert_frame_equal(*frames)
    assert len(frames[0]) == 900
    metrics = read_json("reports/csv/1/metrics.json")
    assert metrics["accuracy"] > 0.85 and 120 < metrics["rows"] < 240


def test_the_same_seed_gives_the_same_predictions(project: Path) -> None:
    predicted = []
    for seed in ("1", "1", "2"):
        few = ("--folds", "2", "--parameters", "n_estimators=10", "--seed", seed)
        run("train", "--estimator", "forest", *few)
        run("predict", "--input", "data/raw/breast_cancer.csv", "--output", "out.csv")
        predicted.append(Path("out.csv").read_bytes())
    assert predicted[0] == predicted[1] != predicted[2]


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
    folder, manifest = registry.load_version(Path("models/model"))
    (known, _), (test, labels) = adapter.load_splits(manifest, folder, Path("data"))
    assert sorted(known.index) == sorted(seen)
    assert sorted([*seen, *test.index]) == list(range(2, 571))
    assert len(test) == len(labels) == 114


def test_a_table_that_changed_after_training_is_not_scored(
    mixed: Path, capsys: Output
) -> None:
    run("train", *PEOPLE)
    run("evaluate", "--data", "people.csv")
    assert "that it has learned from" in capsys.readouterr().out
    with mixed.open("a", encoding="utf-8") as file:
        file.write("30,Köln,True,2020-01-01,yes\n")
    assert "has changed since version 1" in refused(capsys, "evaluate")
    run("evaluate", "--data", "people.csv")
    assert "that it has learned from" not in capsys.readouterr().out


def test_how_a_file_is_written_is_kept_with_the_version(
    project: Path, capsys: Output
) -> None:
    for number in (1, 3):  # what was trained on, and what comes later
        rows = [f"{number}.{each:03},5;?;{each % 9 + 1}.2.2024;ä" for each in range(40)]
        rows += [f"9{each}.000,0;7;1.3.202{each % 7};b" for each in range(10, 50)]
        text = "\n".join(["größe;count;day;paid", *rows, ""])
        Path(f"{number}.csv").write_text(text, encoding="cp1252")
    german = ["--sep", ";", "--decimal", ",", "--thousands", ".", "--na-values", "?"]
    german += ["--encoding", "cp1252", "--date-format", "%d.%m.%Y"]
    shown = refused(capsys, "schema", "--data", "1.csv", *MIXED[2:], *german[2:])
    assert "is sep another character?" in shown
    run("schema", "--data", "1.csv", *MIXED[2:], *german)
    assert "count: {'?': 40} are missing" in capsys.readouterr().out
    run("train", "--data", "1.csv")
    run("predict", "--input", "3.csv")
    assert capsys.readouterr().out.count(",ä,") == 40
    kept = read_json("models/model/1/manifest.json")["inputs"]
    assert kept["na_values"] == ["?"] and kept["rules"]["größe"]["kind"] == "number"


def test_a_file_that_the_model_cannot_take_is_refused(
    mixed: Path, capsys: Output
) -> None:
    run("train", *PEOPLE)
    for text, message in (
        ("age,city,member\n30,Köln,True\n", "no column joined"),
        ("age,city,member,joined\n30,Ulm,True,2020-01-01\n", 'one of .*, is "Ulm"'),
    ):
        Path("new.csv").write_text(text, encoding="utf-8")
        assert re.search(message, refused(capsys, "predict", "--input", "new.csv"))


def test_parameters_are_numbers_words_and_nothing(project: Path) -> None:
    given = ("max_iter=500", "C=1e-1", "class_weight=balanced", "verbose=0")
    run("train", *(text for each in given for text in ("--parameters", each)))
    assert read_json("models/model/1/manifest.json")["settings"]["parameters"] == {
        **{"max_iter": 500, "C": 0.1, "class_weight": "balanced", "verbose": 0}
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate"], "run the command `train` first"),
        (["predict", "--input", "x.csv"], "run the command `train` first"),
        (["schema"], "is there already; replace it with --force"),
        (["schema", "--force", "--target", "mood"], "no column .'mood'"),
        (["schema", "--force", "--drop", "age"], "no column .'age'"),
        (["schema", "--data", "absent.csv"], "by --target"),
        (["schema", "--data", "a.csv", "--target", "b"], "say by --task"),
        (["schema", "--force", "--id-columns", "age"], "no column .'age'"),
        (["train", "--data", "iris"], "iris.yaml.*the command `schema`"),
        (["train", "--data", "absent.csv"], "absent.csv is no file"),
        (["train", "--estimator", "deep"], "deep: no import path, and not linear, "),
        (["train", "--estimator", "no.Such"], "No module named 'no'"),
        (["train", "--estimator", "sklearn.svm.Such"], "has no attribute 'Such'"),
        (["train", "--estimator", "sklearn.svm.SVR"], "not for a classification"),
        (["train", "--estimator", "sklearn.svm.LinearSVC"], "predict_proba"),
        (["train", "--parameters", "c=1"], "Invalid parameter 'c'"),
        (["train", "--parameters", "C=-1"], "The 'C' parameter"),
        (["train", "--folds", "90", "--test-fraction", "0.8"], "n_splits=90"),
        (["train", "--metric", "speed"], "metric.*'speed'"),
        (["train", "--split", "group"], "group needs as split_column one of"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(
    arguments: list[str], message: str, project: Path, capsys: Output
) -> None:
    assert re.search(message, refused(capsys, *arguments))


def test_a_search_goes_on_and_says_what_to_train_with(
    mixed: Path, capsys: Output
) -> None:
    search = ("tune", *PEOPLE, "--trials")
    run(*search, "3", "--model-name", "at_once")
    best = capsys.readouterr().out.partition("parameters:")[2]
    run(*search, "1")
    capsys.readouterr()
    run(*search, "3")  # as if the first had been stopped
    assert capsys.readouterr().out.partition("parameters:")[2] == best
    assert yaml.safe_load(best).keys() == {"C"}
    path = ("--estimator", "sklearn.svm.SVC")
    assert "estimators.py has no space" in refused(capsys, *search, "1", *path)


def test_a_terminal_that_cannot_show_a_class_costs_no_version(
    mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    run("train", *PEOPLE)
    assert registry.versions(Path("models/model")) == [1]


def test_a_stopped_training_leaves_no_version(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    def interrupt(*arguments: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(models, "save_model", interrupt)
    assert main.main(["train", "--quiet"]) == 128 + signal.SIGINT
    assert "nothing half written is left" in capsys.readouterr().err
    assert list(Path("models/model").iterdir()) == []
