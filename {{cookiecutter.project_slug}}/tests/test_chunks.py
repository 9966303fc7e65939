"""Tests of the places where a table is cut."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from {{ cookiecutter.package_name }} import chunks
from {{ cookiecutter.package_name }}.chunks import Split, open_table
from {{ cookiecutter.package_name }}.datasets import DataError

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "table.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def records(table: chunks.Table) -> list[bytes]:
    """Return what stands in each piece."""
    content = table.file.path.read_bytes()
    return [content[p.start : p.start + p.size] for p in table.pieces]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n", "\n\n"], ids=["none", "one", "two"])
def test_the_pieces_are_the_whole_file_cut_between_records(
    write: Write, newline: str, last: str
) -> None:
    rows = ["1,a", '2,"b\nb"', '3,"c ""c"",\n\n"', "4,", "5,e"]
    text = newline.join(["x,y", *rows]) + last.replace("\n", newline)
    for chunk_bytes in (1, 100, 200, 10_000):
        table = open_table(write(text), chunk_bytes)
        cut = records(table)
        assert b"".join(cut).decode().strip() == newline.join(rows)
        assert [piece.rows for piece in table.pieces] == [
            sum(row.encode() in part for row in rows) for part in cut
        ]
        assert [piece.first_row for piece in table.pieces] == [
            chunks.FIRST_ROW + sum(piece.rows for piece in table.pieces[:number])
            for number in range(len(cut))
        ]
        assert table.rows == len(rows)
        assert table.file.columns == ("x", "y")


def test_a_record_longer_than_a_piece_is_not_cut(write: Write) -> None:
    table = open_table(write("x\n" + "1" * 500 + "\n2\n"), 16)
    assert b"".join(records(table)) == b"1" * 500 + b"\n2"
    assert table.rows == 2


def test_a_byte_order_mark_is_no_part_of_the_first_name(write: Write) -> None:
    assert open_table(write("\ufeffx,y\n1,2\n")).file.columns == ("x", "y")


def test_a_header_may_hold_commas_and_newlines(write: Write) -> None:
    table = open_table(write('"x,\n1","y ""z"""\n1,2\n'), 1)
    assert table.file.columns == ("x,\n1", 'y "z"')
    assert table.pieces[0].first_row == chunks.FIRST_ROW


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("x,y", "no rows"),
        ("x,y\r\n", "no rows"),
        ("x,x\n1,2\n", "more than one column is called 'x'"),
        ('x,y\n1,2\n3,"4\n5,6\n', "row 3: a quote that is not closed"),
        (b"\xff\xfex\n1\n", "row 1: not UTF-8 text"),
    ],
)
def test_a_file_without_a_table_is_refused(
    write: Write, content: str | bytes, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        open_table(write(content), 16)


def test_a_file_that_is_missing_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="table.csv: No such file"):
        open_table(tmp_path / "table.csv")
    with pytest.raises(DataError, match="expected a .csv or .parquet file"):
        open_table(tmp_path / "table.xlsx")
    (tmp_path / "table.parquet").write_bytes(b"no Parquet at all")
    with pytest.raises(DataError, match="table.parquet: "):
        open_table(tmp_path / "table.parquet")


def test_parquet_is_cut_between_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    parquet.write_table(pa.table({"x": range(25)}), path, row_group_size=10)
    table = open_table(path)
    assert [tuple(piece)[2:] for piece in table.pieces] == [(2, 10), (12, 10), (22, 5)]


def test_every_piece_is_in_one_chunk_whatever_the_order(write: Write) -> None:
    table = open_table(write("x\n" + "1\n" * 1000), 160)
    order = np.random.default_rng(0).permutation(len(table.pieces)).tolist()
    chunks = list(table.chunks(order))
    assert [p for chunk in chunks for p in chunk] == [table.pieces[i] for i in order]
    assert all(160 <= sum(p.size for p in chunk) < 180 for chunk in chunks[:-1])


def test_splitmix64_gives_the_published_numbers() -> None:
    # The first outputs of the reference implementation for this seed.
    outputs = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    expected = [(output >> 11) / 2**53 for output in outputs]
    assert chunks.splitmix64(1234567, np.arange(3)).tolist() == expected


def test_a_row_is_drawn_by_the_seed_and_its_number_alone() -> None:
    split = Split(seed=3, test=0.2, validation=0.1)
    rows = np.arange(100_000)
    parts = split.parts(rows)
    shares = np.bincount(parts) / len(rows)
    assert shares[[chunks.TRAIN, chunks.VALIDATION, chunks.TEST]] == pytest.approx(
        [0.7, 0.1, 0.2], abs=0.01
    )
    order = np.random.default_rng(0).permutation(rows)
    assert np.array_equal(split.parts(order), parts[order])
    assert not np.array_equal(Split(4, 0.2, 0.1).parts(rows), parts)
    assert (Split(seed=0, test=1).parts(rows) == chunks.TEST).all()
    assert (Split(seed=0).parts(rows) == chunks.TRAIN).all()
