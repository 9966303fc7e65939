"""Tables: reading them whole and in chunks, splitting them, where they come from."""

import gzip
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import config, utils
from {{ cookiecutter.package_name }}.config import DataError

from samples import INPUTS, people

TEXT = 'id,city,age\n1,"Köln, ""West""",7\n2,,\n3,"two\nlines",8\n'


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


@pytest.mark.parametrize(
    "name", ["absent.csv", "bad.parquet", "bad.xlsx", "table.ods", "empty", "*.csv"]
)
def test_what_is_no_table_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for file in ("bad.parquet", "bad.xlsx", "table.ods"):
        (tmp_path / file).write_bytes(b"no table")
    with pytest.raises(DataError, match=re.escape(name)):
        utils.get_data(tmp_path / name)


def test_a_file_must_have_the_hash_that_was_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(TEXT, encoding="utf-8")
    assert utils.find_data(str(file), sha256=utils.sha256_of(file)) == file
    with pytest.raises(DataError, match="has the SHA-256"):
        utils.find_data(str(file), sha256="0" * 64)


@pytest.mark.parametrize("pattern", ["", "*", "[ab].*"])
def test_a_folder_or_a_pattern_is_one_table_and_says_that_a_file_has_changed(
    pattern: str, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("no table", encoding="utf-8")
    people(5, 1).to_csv(tmp_path / "b.csv", index=False)
    people(3, 2).to_parquet(tmp_path / "a.parquet")
    path = tmp_path / pattern
    assert utils.find_data(str(path)) == path
    before = utils.sha256_of(path)
    frame, other = utils.read_chunks(path, config.Reading(), ["age"])
    assert list(frame.index) == [2, 3, 4] and list(frame) == ["age"]
    assert list(other.index - utils.FILE_ROWS) == [2, 3, 4, 5, 6]
    people(5, 3).to_csv(tmp_path / "b.csv", index=False)
    assert utils.sha256_of(path) != before


def test_a_folder_s_name_is_no_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "year [1]"
    folder.mkdir()
    people(3).to_csv(folder / "a.csv", index=False)
    assert utils.files_of(folder) == [folder / "a.csv"]


def test_csv_parquet_and_excel_are_the_same_rows_whatever_the_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = people(100).assign(day=pd.Timestamp("2020-02-29"), flag=True)
    frame.loc[7, "city"] = None
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    expected = utils.joined(utils.read_checked(tmp_path / "a.csv", nullable()), "")
    monkeypatch.setattr(utils, "CHUNK_ROWS", 7)
    for name in ("a.csv", "a.parquet", "a.xlsx"):
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


def test_rows_without_a_target_are_left_out_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    frame = people(40)
    frame.loc[[3, 9], "paid"] = None
    file = tmp_path / "a.csv"
    frame.to_csv(file, index=False)
    found = utils.joined(utils.read_checked(file, INPUTS), file)
    assert len(found) == 38 and not {5, 11} & {*found.index}
    assert "a.csv: 2 rows without paid are left out" in caplog.text
    assert len(utils.joined(utils.read_checked(file, INPUTS, target=False), file)) == 40
