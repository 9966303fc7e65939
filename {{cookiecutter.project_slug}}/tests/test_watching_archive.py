"""The request log as Parquet: all of it, once, whatever the log forgets."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from {{ cookiecutter.package_name }} import main
from {{ cookiecutter.package_name }}.files import locked
from {{ cookiecutter.package_name }}.serving.messages import Reply
from {{ cookiecutter.package_name }}.serving.metrics import Metrics
from {{ cookiecutter.package_name }}.serving.request_log import RequestLog

LOG = Path("logs/requests.db")
TO = Path("data/requests")
NOON = 1_795_262_400.0  # 2026-11-21 12:00 UTC
DAY = 86_400.0
TODAY = TO / "date=2026-11-21" / "requests.parquet"
BEFORE = TO / "date=2026-11-20" / "requests.parquet"

FEEDS: dict[str, Any] = {
    "age": np.array([[1.5], [np.nan]]),
    "city": np.array([["Köln, \"'"], ["(missing)"]], dtype=object),
    "date": np.array([[20_000.0], [-1.0]]),
}
OUTPUTS = np.array([[0.25, 0.75], [1, 0]], dtype=np.float32)
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((3, 6, 5), dtype=np.float32)

Output = pytest.CaptureFixture[str]

pytestmark = pytest.mark.usefixtures("project")


def log(
    name: str,
    time: float = NOON,
    feeds: dict[str, Any] = FEEDS,
    outputs: Any = OUTPUTS,
    version: int = 1,
    masked: tuple[str, ...] = (),
) -> None:
    """Log a request as the server does, at another time."""
    writer = RequestLog(LOG, Metrics(), days=1e6, masked=masked)
    writer.add(name, Reply(b"", version=version, feeds=feeds, outputs=outputs))
    writer.end()
    change("update requests set time = ? where request = ?", time, name)


def change(text: str, *values: object) -> None:
    """Change the log."""
    with closing(sqlite3.connect(LOG)) as database, database:
        database.execute(text, values)


def write(*options: str) -> None:
    """Run the command."""
    assert main.main(["request-log", *options]) == 0


def rows(file: Path = TODAY) -> list[dict[str, Any]]:
    """Return the rows of a file."""
    found: list[dict[str, Any]] = parquet.ParquetFile(file).read().to_pylist()
    return found


def requests(file: Path = TODAY) -> list[tuple[str, int]]:
    """Return which rows of which requests a file has."""
    return [(row["request"], row["row"]) for row in rows(file)]


def test_a_table_is_read_as_it_was_logged(capsys: Output) -> None:
    log("first", NOON + 0.25)
    write()
    assert "2 new ones" in capsys.readouterr().out
    first, second = rows()
    assert list(first) == [
        *("time", "request", "row", "version", "number"),
        *("age", "city", "date_", "prediction"),
    ]
    assert first.pop("time").isoformat() == "2026-11-21T12:00:00.250000+00:00"
    assert first == {
        **{"request": "first", "row": 0, "version": 1, "number": 1},
        **{"age": 1.5, "city": "Köln, \"'", "date_": 20_000.0},
        "prediction": [0.25, 0.75],
    }
    assert (second["row"], second["age"], second["date_"]) == (1, None, -1.0)
    assert (second["city"], second["prediction"]) == ("(missing)", [1.0, 0.0])


def test_images_are_lists_of_lists_and_their_shape_is_told() -> None:
    holes = IMAGES.copy()
    holes[1, 0] = np.nan
    log("first", feeds={"images": holes}, outputs=OUTPUTS[[0, 0, 1]])
    write()
    other = np.ones((1, 2, 2))
    log("other", feeds={"images": other}, outputs=OUTPUTS[:1], version=2)
    write()
    table = parquet.ParquetFile(TODAY).read()
    assert table.schema.field("images").metadata[b"shape"] == b"6x5, 2x2"
    assert table.schema.field("prediction").metadata[b"shape"] == b"2"
    values = table["images"].to_pylist()
    found = np.array(values[:3], dtype=np.float32)
    np.testing.assert_array_equal(found, holes)
    assert values[3] == other[0].tolist()


def test_a_regression_has_a_number_for_each_row() -> None:
    log("first", outputs=np.array([3.5, -1]))
    log("second", outputs=np.array([[2.0], [4.0]]))
    write()
    assert [row["prediction"] for row in rows()] == [3.5, -1, 2, 4]


def test_each_day_of_utc_has_its_file_and_all_are_one_data_set() -> None:
    midnight = NOON - DAY / 2
    log("last", np.nextafter(midnight, 0))
    log("first", midnight)
    log("noon")
    write()
    assert requests(BEFORE) == [("last", 0), ("last", 1)]
    assert [name for name, row in requests() if row == 0] == ["first", "noon"]
    frame = parquet.read_table(TO).to_pandas()
    assert set(frame["date"]) == {"2026-11-20", "2026-11-21"}
    assert len(frame) == 6 and frame["age"].isna().sum() == 3


def test_another_run_adds_what_is_new_and_nothing_else(capsys: Output) -> None:
    log("early", NOON - DAY)
    log("first")
    write()
    before = {file: file.stat().st_mtime_ns for file in (BEFORE, TODAY)}
    write()
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert "rows:    0 new ones" in capsys.readouterr().out
    log("late", NOON - 100)
    write()
    assert BEFORE.stat().st_mtime_ns == before[BEFORE]
    assert [name for name, row in requests() if row == 0] == ["first", "late"]
    assert [file.name for file in TODAY.parent.iterdir()] == [TODAY.name]


def test_what_the_log_has_forgotten_stays() -> None:
    log("first")
    log("second")
    write()
    change("delete from requests where request = 'first'")
    log("third")
    write()
    assert [name for name, row in requests() if row] == ["first", "second", "third"]


def test_a_log_that_was_begun_anew_is_added() -> None:
    log("same")
    write()
    LOG.unlink()
    log("same", NOON + 1)  # a client may give its requests the same name
    write()
    write()
    found = [(row["number"], row["time"].second) for row in rows() if row["row"]]
    assert found == [(1, 0), (1, 1)]


def test_masked_inputs_are_not_there() -> None:
    log("first", masked=("city", "age"))
    write()
    assert {"city", "age"}.isdisjoint(rows()[0])
    log("second", masked=("city",))
    write()
    log("third", masked=("age", "date"))
    write()
    found = [
        (row["age"], row["city"], row["date_"]) for row in rows() if not row["row"]
    ]
    assert found == [
        *((None, None, 20_000.0), (1.5, None, 20_000.0)),
        (None, FEEDS["city"][0, 0], None),
    ]


def test_an_input_may_have_the_name_of_any_column() -> None:
    names = ["time", "Row", "row_", "prediction", "number", "date", "feeds", "count"]
    feeds = {name: np.array([[float(at)]]) for at, name in enumerate(names)}
    log("first", feeds=feeds, outputs=OUTPUTS[:1])
    write()
    log("second", feeds={}, outputs=OUTPUTS[:1])
    write()
    own = ["time_", "Row_", "row__", "prediction_", "number_", "date_"]
    first, second = rows()
    assert [first[name] for name in [*own, "feeds", "count"]] == list(range(8))
    assert {second[name] for name in [*own, "feeds", "count"]} == {None}


def test_parts_of_any_size_make_the_same_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        log(str(number), NOON + number)
    write()
    whole = parquet.ParquetFile(TODAY).read()
    from {{ cookiecutter.package_name }}.watching import parquet as module

    monkeypatch.setattr(module, "PART", 1)
    write("--to", "small")
    file = Path("small") / TODAY.relative_to(TO)
    small = parquet.ParquetFile(file)
    assert small.metadata.num_row_groups == 5
    assert small.read().equals(whole, check_metadata=True)
    log("last")
    write("--to", "small")
    assert parquet.ParquetFile(file).read()[:10].equals(whole)


def test_only_the_requests_of_a_version_are_taken() -> None:
    log("first")
    log("second", version=2)
    write("--version", "2")
    assert [row["version"] for row in rows()] == [2, 2]
    write()
    assert [row["version"] for row in rows()] == [2, 2, 1, 1]


def test_a_column_whose_type_changes_is_refused_and_named(capsys: Output) -> None:
    log("before", NOON - DAY)
    write()
    content = BEFORE.read_bytes()
    changed = {**FEEDS, "city": np.array([[1.0], [2.0]])}
    log("first", feeds=changed, version=2)
    log("today")
    assert main.main(["request-log"]) == 2
    said = capsys.readouterr().err
    assert (
        f"city is double in request first to version 2, but string in {BEFORE}" in said
    )
    assert "--version N --to FOLDER" in said
    assert BEFORE.read_bytes() == content and not TODAY.exists()
    write("--version", "2", "--to", "second")
    write("--version", "1")
    assert [row["city"] for row in rows()] == [row["city"] for row in rows(BEFORE)]


def damaged() -> None:
    """Put something else in the place of a file."""
    TODAY.parent.mkdir(parents=True)
    TODAY.write_bytes(b"PAR1")


def foreign() -> None:
    """Put a file of something else there."""
    TODAY.parent.mkdir(parents=True)
    parquet.write_table(pa.table({"time": [1], "row": [0]}), TODAY)


def a_file() -> None:
    """Put a file in the folder's place."""
    TO.parent.mkdir()
    TO.touch()


def below_a_file() -> None:
    """Put a file where the folder above would be."""
    TO.parent.touch()


def half_a_line() -> None:
    """Log what is no JSON."""
    change("update requests set feeds = '{'")


@pytest.mark.parametrize(
    ("prepare", "options", "message"),
    [
        (None, ["--log", "absent.db"], "there is no request log; serve with"),
        (None, ["--log", "configs/train.yaml"], "is no request log"),
        (half_a_line, [], "is no request log"),
        (a_file, [], "requests is a file; name a folder with --to"),
        (below_a_file, [], "cannot be written"),
        (damaged, [], "requests.parquet cannot be read"),
        (foreign, [], "has no column number, prediction, request, version"),
    ],
)
def test_what_cannot_be_read_or_written_is_refused(
    prepare: Callable[[], None] | None,
    options: list[str],
    message: str,
    capsys: Output,
) -> None:
    log("first")
    if prepare:
        prepare()
    assert main.main(["request-log", *options]) == 2
    assert message in capsys.readouterr().err


def test_two_runs_at_once_are_one_too_many(capsys: Output) -> None:
    log("first")
    with locked(TO / ".lock", RuntimeError()):
        assert main.main(["request-log"]) == 2
    assert "another run is writing it" in capsys.readouterr().err


def test_a_file_survives_a_write_that_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    log("first")
    write()
    content = TODAY.read_bytes()
    log("second")

    def full(*args: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as broken:
        broken.setattr(parquet.ParquetWriter, "write_batch", full)
        assert main.main(["request-log"]) == 2
    assert "data/requests cannot be written: no space" in capsys.readouterr().err
    assert TODAY.read_bytes() == content
    assert [file.name for file in TODAY.parent.iterdir()] == [TODAY.name]
    write()
    assert len(rows()) == 4
