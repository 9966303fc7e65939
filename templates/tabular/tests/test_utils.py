"""Tables: reading them whole and in chunks, splitting them, where they come from."""

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import config, utils
from {{ cookiecutter.package_name }}.config import DataError, TrainSettings

from samples import INPUTS

TEXT = 'id,city,age\n1,"Köln, ""West""",7\n2,,\n3,"two\nlines",8\n'


def settings(**given: Any) -> TrainSettings:
    """Return settings of a training."""
    return TrainSettings.model_construct(**given)


def people(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return a table that meets `INPUTS`, and a column that is not asked for."""
    random = np.random.default_rng(seed)
    age = random.integers(18, 90, rows)
    city = random.choice(["Ulm", "08"], rows)
    paid = np.where((age > 50) ^ (city == "Ulm"), "yes", "no")
    return pd.DataFrame({"id": range(rows), "age": age, "city": city, "paid": paid})


def test_a_table_has_the_types_that_pandas_finds(tmp_path: Path) -> None:
    plain, packed = tmp_path / "table.csv", tmp_path / "table.csv.gz"
    plain.write_text(TEXT, encoding="utf-8")
    packed.write_bytes(gzip.compress(TEXT.encode()))
    frame = utils.get_data(plain, ["id"])
    assert list(frame.select_dtypes("number")) == ["age"]
    assert list(frame["city"].fillna("?")) == ['Köln, "West"', "?", "two\nlines"]
    assert list(frame.index) == [0, 1, 2]
    pd.testing.assert_frame_equal(utils.get_data(str(packed), ["id"]), frame)
    frame.to_parquet(tmp_path / "table.parquet")
    typed = utils.get_data(tmp_path / "table.parquet")
    pd.testing.assert_frame_equal(typed, frame)


def test_the_tables_of_scikit_learn_have_names(project: Path) -> None:
    for name, (target, _) in utils.NAMED.items():
        frame = utils.get_data(name)
        assert frame.columns[-1] == target and len(frame) > 100
        assert frame.select_dtypes("number").shape[1] >= 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n4,5,6\n", "Expected 2 fields in line 3, saw 3"),
        (b"a,b\n1,2,3\n", "more cells than the header"),
        (b"a,b\n", "no rows"),
        (b"", "No columns"),
        (b"a,b\n1,\xf6\n", "'utf-8' .* 0xf6 .* set encoding: .* try cp1252"),
        ("a,b\n1,2\n".encode("utf-16"), "'utf-8' .* 0xff in position 0.* utf-16 if"),
        (b"a,c\n1,2\n", "'b'.* not found in axis.*; there are .'a', 'c'."),
    ],
)
def test_a_bad_file_is_refused_with_the_reason(
    content: bytes, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=f"table.csv: .*{message}"):
        utils.get_data(file, ["b"] if b"c" in content else [])


@pytest.mark.parametrize("name", ["absent.csv", "bad.parquet", "table.xlsx", "empty"])
def test_what_is_no_table_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for file in ("bad.parquet", "table.xlsx"):
        (tmp_path / file).write_bytes(b"no table")
    with pytest.raises(DataError, match=name):
        utils.get_data(tmp_path / name)


def test_a_file_must_have_the_hash_that_was_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(TEXT, encoding="utf-8")
    assert utils.find_data(str(file), sha256=utils.sha256_of(file)) == file
    with pytest.raises(DataError, match="has the SHA-256"):
        utils.find_data(str(file), sha256="0" * 64)


def test_a_folder_is_one_table_and_says_which_file_has_changed(tmp_path: Path) -> None:
    people(5, 1).to_csv(tmp_path / "b.csv", index=False)
    people(3, 2).to_parquet(tmp_path / "a.parquet")
    before = utils.sha256_of(tmp_path)
    frame, other = utils.read_chunks(tmp_path, config.Reading(), ["age"])
    assert list(frame.index) == [2, 3, 4] and list(frame) == ["age"]
    assert list(other.index - utils.FILE_ROWS) == [2, 3, 4, 5, 6]
    people(5, 3).to_csv(tmp_path / "b.csv", index=False)
    assert utils.sha256_of(tmp_path) != before


def test_csv_and_parquet_are_the_same_rows_whatever_the_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = people(100).assign(day=pd.Timestamp("2020-02-29"), flag=True)
    frame.loc[7, "city"] = None
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    expected = utils.joined(utils.read_checked(tmp_path / "a.csv", nullable()), "")
    monkeypatch.setattr(utils, "CHUNK_ROWS", 7)
    for name in ("a.csv", "a.parquet"):
        found = utils.joined(utils.read_checked(tmp_path / name, nullable()), "")
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert set(expected["city"].dropna()) == {"Ulm", "08"}


def nullable() -> Any:
    """Return a schema where a city may be missing."""
    city = INPUTS.rules["city"].model_copy(update={"nullable": True})
    return INPUTS.model_copy(update={"rules": {**INPUTS.rules, "city": city}})


def test_bad_rows_are_refused_with_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(utils, "CHUNK_ROWS", 10)
    frame = people(40).astype({"age": object})
    frame.loc[[13, 15], "age"] = ["old", None]
    file = tmp_path / "a.csv"
    frame.to_csv(file, index=False)
    message = "2 bad rows up to row 21:\n  row 15, .*old.*\n  row 17, .*missing"
    with pytest.raises(DataError, match=message):
        list(utils.read_checked(file, INPUTS))
    loose = utils.joined(utils.read_checked(file, INPUTS, strict=False), file)
    assert loose["age"].isna().sum() == 2


def test_the_split_keeps_every_row_once_and_the_share_of_each_class(
    tmp_path: Path,
) -> None:
    file = tmp_path / "a.csv"
    people(200).to_csv(file, index=False)
    given = settings(test_fraction=0.2, seed=1, in_memory_mb=9)
    training, test = utils.load_parts(file, INPUTS, given)
    assert sorted([*training.index, *test.index]) == list(range(2, 202))
    shares = [(part["paid"] == "yes").mean() for part in (training, test)]
    assert shares[0] == pytest.approx(shares[1], abs=0.02) and len(test) == 40
    again, _ = utils.load_parts(file, INPUTS, given)
    other, _ = utils.load_parts(file, INPUTS, given.model_copy(update={"seed": 2}))
    assert again.equals(training) and not other.equals(training)


def test_the_test_rows_of_a_large_table_are_never_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.csv"
    people(5000).to_csv(file, index=False)
    given = settings(test_fraction=0.2, seed=1, in_memory_mb=0)
    parts = []
    for rows in (500, 777):
        monkeypatch.setattr(utils, "CHUNK_ROWS", rows)
        _, test = utils.load_parts(file, INPUTS, given)
        chunks = utils.training_chunks(file, INPUTS, given)
        trained = [number for x, _ in chunks for number in x.index]
        assert sorted([*trained, *test.index]) == list(range(2, 5002))
        parts.append(set(test.index))
    assert parts[0] == parts[1] and 900 < len(parts[0]) < 1100


def test_ten_times_the_rows_need_no_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(utils, "CHUNK_ROWS", 500)
    monkeypatch.setattr(utils, "SAMPLE_ROWS", 500)
    given = settings(test_fraction=0.2, seed=1, in_memory_mb=0)
    peaks = []
    for rows in (3_000, 30_000):
        file = tmp_path / f"{rows}.csv"
        people(rows).to_csv(file, index=False)
        utils.load_parts(file, INPUTS, given)  # imports
        tracemalloc.start()
        utils.load_parts(file, INPUTS, given)
        for _ in utils.training_chunks(file, INPUTS, given):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    frame = people(9)
    frame["paid"] = ["yes"] + ["no"] * 8
    frame.to_csv(file, index=False)
    given = settings(test_fraction=0.2, seed=1, in_memory_mb=9)
    with pytest.raises(DataError, match="a.csv: cannot split"):
        utils.load_parts(file, INPUTS, given)
    frame["paid"] = "no"
    frame.to_csv(file, index=False)
    with pytest.raises(DataError, match="no rows to train on of .'yes'."):
        utils.load_parts(file, INPUTS, given)
