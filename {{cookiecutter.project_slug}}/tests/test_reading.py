"""Tests of how parts of a table are read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import chunks, reading
from {{ cookiecutter.package_name }}.chunks import Split, open_table
from {{ cookiecutter.package_name }}.datasets import DataError

KINDS: dict[str, reading.Kind] = {"text": "text", "x": "number"}
WORDS = ["a", "b, c", 'say "d"', "e\nf", "ü", "7", "", "NA"]


@pytest.fixture
def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    numbers = random.normal(size=500)
    numbers[::7] = np.nan
    texts = random.choice(WORDS, 500)
    return pd.DataFrame({"x": numbers, "unused": "?", "text": texts})


@pytest.mark.parametrize("chunk_bytes", [1, 1000, 100_000])
def test_pieces_together_are_what_pandas_reads(
    tmp_path: Path, frame: pd.DataFrame, chunk_bytes: int
) -> None:
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    table = open_table(path, chunk_bytes)
    read = pd.concat(reading.read_pieces(table.file, c, KINDS) for c in table.chunks())
    expected = pd.read_csv(path, usecols=list(KINDS), dtype={"text": str})
    expected.index += chunks.FIRST_ROW
    pd.testing.assert_frame_equal(read, expected[list(KINDS)], check_exact=True)


def test_parquet_is_read_as_csv_is(tmp_path: Path, frame: pd.DataFrame) -> None:
    path = tmp_path / "table.parquet"
    frame.to_parquet(path, row_group_size=100, index=False)
    table = open_table(path)
    read = pd.concat(reading.read_pieces(table.file, c, KINDS) for c in table.chunks())
    frame.index += chunks.FIRST_ROW
    pd.testing.assert_frame_equal(
        read, frame[list(KINDS)], check_exact=True, check_dtype=False
    )
    with pytest.raises(DataError, match="'text': .* cannot be read as a number"):
        reading.read_pieces(table.file, table.pieces, {"text": "number"})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("abc,b,c", "row 42, column 'x': 'abc' is not a number"),
        ("1,b", "row 42: 2 cells, expected 3"),
        ("1,b,c,d", "row 42: 4 cells, expected 3"),
        (b"1,b,\xff", "row 42, column 'text': not UTF-8 text"),
        ('1,5" pipe,c', "a quote inside a cell"),
    ],
)
@pytest.mark.parametrize("chunk_bytes", [1, 1000])
def test_a_wrong_record_is_named_by_its_row(
    tmp_path: Path, row: str | bytes, message: str, chunk_bytes: int
) -> None:
    rows = [b"1,b,c"] * 60
    rows[42 - chunks.FIRST_ROW] = row.encode() if isinstance(row, str) else row
    if b'"' in rows[40]:
        rows[45] = rows[40]
    path = tmp_path / "table.csv"
    path.write_bytes(b"\n".join([b"x,unused,text", *rows]))
    table = open_table(path, chunk_bytes)
    with pytest.raises(DataError, match=message) as caught:
        for chunk in table.chunks():
            reading.read_pieces(table.file, chunk, KINDS)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("x\n1\n")
    table = open_table(path)
    with pytest.raises(DataError, match="no column 'text'; there are 'x'"):
        reading.read_pieces(table.file, table.pieces, KINDS)


def test_a_file_that_changed_since_the_scan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("x\n1\n2\n")
    table = open_table(path)
    with path.open("a") as file:
        file.write("3\n")
    with pytest.raises(DataError, match="changed while it was being read"):
        reading.read_pieces(table.file, table.pieces, {"x": "number"})
    path.unlink()
    with pytest.raises(DataError, match="No such file"):
        reading.read_pieces(table.file, table.pieces, {"x": "number"})


def test_a_sample_is_drawn_from_everywhere_but_never_from_the_test(
    tmp_path: Path, frame: pd.DataFrame
) -> None:
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    table, split = open_table(path, 16_000), Split(seed=1, test=0.3)
    everything = reading.sample_rows(table, split)
    rows = np.arange(chunks.FIRST_ROW, chunks.FIRST_ROW + len(frame))
    assert everything.index.tolist() == rows[split.parts(rows) != chunks.TEST].tolist()
    assert reading.kinds_of(everything) == {
        "x": "number",
        "unused": "text",
        "text": "text",
    }
    some = reading.sample_rows(table, split, ["text", "x"], {"x": "text"}, rows=100)
    assert reading.kinds_of(some) == {"text": "text", "x": "text"}
    assert 90 <= len(some) <= 100 + len(table.pieces)
    assert some.index.max() - some.index.min() > 400
    assert set(some.index) <= set(everything.index)
    again = reading.sample_rows(table, split, ["text", "x"], {"x": "text"}, rows=100)
    pd.testing.assert_frame_equal(some, again)
    with pytest.raises(DataError, match="no rows to train on"):
        reading.sample_rows(table, Split(seed=1, test=1))
