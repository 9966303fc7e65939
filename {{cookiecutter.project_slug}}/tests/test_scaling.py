"""What a cluster is given to do, done here: clusters are started by other tests."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sklearn import datasets

#% if cookiecutter.__data_kind == "tabular"
from {{ cookiecutter.package_name }} import main, registry, utils
#% else
from {{ cookiecutter.package_name }} import main, registry
#% endif
from {{ cookiecutter.package_name }}.config import ConfigError, DataError
from {{ cookiecutter.package_name }}.scaling import rows, scoring
from {{ cookiecutter.package_name }}.scaling.command import PredictSettings

OUTPUT = Path("predictions")
INPUT = Path("rows")
BAD = 5  # the place of a row that is bad


@pytest.fixture(name="files")
def two_files(trained: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A folder of two files in the project's, of several chunks, with one bad row."""
    INPUT.mkdir()
    #% if cookiecutter.__data_kind == "tabular"
    frame = datasets.load_breast_cancer(as_frame=True).data[:50]
    monkeypatch.setattr(utils, "CHUNK_ROWS", 20)
    #% else
    frame = pd.DataFrame(datasets.load_digits().data[:50]).rename(columns=str)
    monkeypatch.setattr(rows, "CHUNK_ROWS", 20)
    #% endif
    frame.to_parquet(INPUT / "a.parquet")
    frame = frame.astype(object)
    frame.iloc[BAD, 0] = "oops"
    frame.to_csv(INPUT / "b.csv", index=False)
    files = rows.find_files(INPUT)
    assert [file.name for file in files] == ["a.parquet", "b.csv"]
    scoring.begin(OUTPUT, files, "a model")
    return files


def chunks(files: list[Path], *done: str) -> Iterator[scoring.Batch]:
    """Yield what is left to do of all files."""
    manifest = registry.read_manifest(Path("models/model/1"))
    for number, file in enumerate(files):
        task = {"number": [number], "path": [str(file)]}
        yield from scoring.read(task, OUTPUT, manifest.inputs, (), set(done))


def test_every_row_is_predicted_once_as_predict_does_or_named_as_bad(
    files: list[Path],
) -> None:
    scorer = scoring.Scorer(Path("models/model/1"), OUTPUT)
    for chunk in chunks(files):
        scorer(chunk)
        scorer(chunk)  # as Ray does after a kill
    scoring.finish(OUTPUT, len(files))
    summary = json.loads((OUTPUT / "_summary.json").read_text("utf-8"))
    assert summary == {"rows": 100, "predicted": 99, "bad": 1, "files": 2}
    (bad,) = pd.read_csv(OUTPUT / "_bad_rows.csv").itertuples()
    assert bad.row == rows.FILE_ROWS + rows.FIRST_ROW + BAD
    assert "oops" in str(bad.reason) or "nan" in str(bad.reason)
    found = pd.read_parquet(OUTPUT)
    assert found["row"].is_unique and len(found) == 99
    whole = pd.read_parquet(files[0])
    whole.to_csv("whole.csv", index=False)
    arguments = ["--input", "whole.csv", "--output", "alone.csv"]
    assert main.main(["predict", *arguments]) == 0
    alone = pd.read_csv("alone.csv", dtype={"class": str})
    same = found[:50].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, alone, check_dtype=False, atol=1e-3)


def test_what_is_done_is_not_done_again_and_what_is_missing_is_noticed(
    files: list[Path],
) -> None:
    scorer = scoring.Scorer(Path("models/model/1"), OUTPUT)
    every = list(chunks(files))
    for chunk in every[1:]:
        scorer(chunk)
    with pytest.raises(DataError, match="rows of 1 files are missing"):
        scoring.finish(OUTPUT, len(files))
    done = [path.stem for path in OUTPUT.glob("part-*")]
    parts = [chunk["name"] for chunk in chunks(files, *done) if chunk["rows"][0]]
    assert parts == [every[0]["name"]]
    assert list(chunks(files)) == every  # Ray wants as many as before, after a kill
    assert scoring.whole(OUTPUT) == {1: 50}


def test_other_files_or_another_model_need_another_folder(files: list[Path]) -> None:
    scoring.begin(OUTPUT, files, "a model")
    with pytest.raises(ConfigError, match="other files or another model"):
        scoring.begin(OUTPUT, files, "another model")
    files[0].write_bytes(files[0].read_bytes() + b"more")
    with pytest.raises(ConfigError, match="other files or another model"):
        scoring.begin(OUTPUT, files, "a model")


def test_a_file_that_cannot_be_read_is_named(files: list[Path]) -> None:
    pd.DataFrame({"other": [1]}).to_csv(files[1], index=False)
    problems = [chunk["problem"][0] for chunk in chunks(files)]
    assert any("b.csv" in problem for problem in problems)


def test_the_folder_to_write_to_has_to_be_named(trained: Path) -> None:
    settings = PredictSettings.model_construct(input=INPUT, output=None)
    with pytest.raises(ConfigError, match="name the folder"):
        scoring.score(settings)
