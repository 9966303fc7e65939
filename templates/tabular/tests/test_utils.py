"""Tables: reading, splitting, and what no model can learn from."""

import gzip
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import utils
from {{ cookiecutter.package_name }}.datasets import DataError

TEXT = 'id,city,age\n1,"Köln, ""West""",7\n2,NA,\n3,"two\nlines",08\n'


def test_a_csv_file_is_text_and_its_rows_are_counted_as_in_a_spreadsheet(
    tmp_path: Path,
) -> None:
    file = tmp_path / "table.csv"
    file.write_text(TEXT, encoding="utf-8-sig")
    frame = utils.get_data(file, ["id"])
    assert list(frame.columns) == ["city", "age"]
    assert list(frame.index) == [2, 3, 4]
    assert list(frame["city"].fillna("?")) == ['Köln, "West"', "?", "two\nlines"]
    assert list(frame["age"].fillna("?")) == ["7", "?", "08"]


def test_a_compressed_csv_file_is_read_as_it_is(tmp_path: Path) -> None:
    plain, packed = tmp_path / "table.csv", tmp_path / "table.csv.gz"
    plain.write_text(TEXT, encoding="utf-8")
    packed.write_bytes(gzip.compress(TEXT.encode()))
    pd.testing.assert_frame_equal(utils.get_data(packed), utils.get_data(plain))


def test_a_parquet_file_is_read_as_the_csv_file_that_says_the_same(
    tmp_path: Path,
) -> None:
    file = tmp_path / "table.parquet"
    pd.DataFrame(
        {
            "whole": [1, None],
            "part": [0.1, 1e-300],
            "flag": [True, False],
            "day": [datetime(2020, 2, 29), None],
            "city": pd.Categorical(["Köln", None]),
        }
    ).astype({"whole": "Int64"}).to_parquet(file)
    frame = utils.get_data(file)
    assert list(frame.index) == [2, 3]
    assert list(frame.iloc[0].str.slice(0, 10)) == [
        *("1", "0.1", "true", "2020-02-29", "Köln")
    ]
    assert list(frame.iloc[1].isna()) == [True, False, False, True, True]
    assert float(frame["part"].iloc[1]) == 1e-300


def test_a_parquet_file_with_lists_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "table.parquet"
    pd.DataFrame({"many": [[1, 2], [3]]}).to_parquet(file)
    with pytest.raises(DataError, match="many holds list"):
        utils.get_data(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n3\n4,5,6\n", "row 3: 1 cells, expected 2\n  row 4: 3 cells"),
        (b"a,a\n1,2\n", "1 names twice: a"),
        (b"a,\n1,2\n", "it has no name"),
        (b"a,b\n", "no row below it"),
        (b"", "[Ee]mpty"),
        (b"a,b\n1,\xff\n", "UTF-?8"),
        (b"a,c\n1,2\n", "no column b to drop; there are a, c"),
    ],
)
def test_a_bad_csv_file_is_refused_with_the_reason(
    content: bytes, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=f"table.csv: (.|\n)*{message}"):
        utils.get_data(file, ["b"] if "drop" in message else [])


@pytest.mark.parametrize("name", ["absent.csv", "absent.parquet"])
def test_a_file_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"{name}: there is no such file"):
        utils.get_data(tmp_path / name)


def test_what_is_no_parquet_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "table.parquet"
    file.write_text(TEXT, encoding="utf-8")
    with pytest.raises(DataError, match="table.parquet"):
        utils.get_data(file)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"a": [1, 2]}, "no column 'y' to predict; there are a"),
        ({"y": ["p", "q"]}, "no column beside 'y'"),
        ({"a": [1, 2], "y": ["p", "p"]}, "'y' has 1 value"),
        (
            {"a": [1, 1], "b": [None, None], "y": ["p", "q"]},
            "any value (b) or with one for all rows (a); leave them out with "
            "--drop b,a",
        ),
    ],
)
def test_what_cannot_be_learned_from_is_refused(
    frame: dict[str, list[object]], message: str
) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        utils.refuse_useless(pd.DataFrame(frame), "y", "table.csv")


def test_one_value_and_empty_cells_can_be_learned_from() -> None:
    frame = pd.DataFrame({"a": ["x", None], "y": ["p", "q"]})
    utils.refuse_useless(frame, "y", "table.csv")
    assert frame["a"].nunique() == 1


def people(counts: dict[str, int]) -> pd.DataFrame:
    """Return a table with so many rows of each class."""
    labels = [name for name, count in counts.items() for _ in range(count)]
    return pd.DataFrame({"a": range(len(labels)), "y": labels})


def test_the_split_keeps_every_row_once_and_the_share_of_each_class() -> None:
    frame = people({"p": 80, "q": 20})
    training, test = utils.split_data(frame, "y", "classification", 0.2, seed=1)
    assert sorted([*training["a"], *test["a"]]) == list(range(100))
    assert test["y"].value_counts().to_dict() == {"p": 16, "q": 4}
    again, _ = utils.split_data(frame, "y", "classification", 0.2, seed=1)
    other, _ = utils.split_data(frame, "y", "classification", 0.2, seed=2)
    assert again.equals(training) and not other.equals(training)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"p": 9, "q": 1}, r"of y q \(1\); add rows"),
        ({"p": 2, "q": 2, "r": 2}, "cannot split 6 rows"),
    ],
)
def test_too_few_rows_are_refused(counts: dict[str, int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        utils.split_data(people(counts), "y", "classification", 0.2, seed=1)


def test_labels_are_numbered_in_the_order_of_the_classes() -> None:
    labels = pd.Series(["no", "yes", "no"])
    np.testing.assert_array_equal(utils.encode_labels(labels, ["no", "yes"]), [0, 1, 0])
    with pytest.raises(DataError, match="yes is none of the classes no, or"):
        utils.encode_labels(labels, ["no", "or"])


def test_a_message_names_ten_things_at_most() -> None:
    assert utils.listed([]) == "none"
    assert utils.listed("ab") == "a, b"
    assert utils.listed("abcdefghijkl").endswith("j, and 2 more")
