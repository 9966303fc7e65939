"""The commands `monitor` and `request-log`: files, exit status, what they refuse."""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from {{ cookiecutter.package_name }} import adapter, main, registry
from {{ cookiecutter.package_name }}.monitoring import drift
from {{ cookiecutter.package_name }}.monitoring.drift import MISSING, Finding

from samples import CHANGED, CLEAN, QUICK_TRAINING, write_rows

REPORT = Path("reports/model/1/monitor")
LOG = Path("logs/requests.db")
TO = Path("data/requests")
NOON = 1_795_262_400.0  # 2026-11-21 12:00 UTC
TODAY = TO / "version=1" / "date=2026-11-21"
TABLE = (  # as the server makes it
    "create table if not exists requests (number integer primary key, time real, "
    "request text, version integer, feeds text, outputs text)"
)
INSERT = (
    "insert into requests (time, request, version, feeds, outputs) "
    "values (?, ?, ?, ?, ?)"
)
FEEDS = {
    "age": [[1.5], [None]],
    "city": [["Köln, \"'"], [MISSING]],
    "date": [[2.0], [-1.0]],
}
OUTPUTS = [[0.25, 0.75], [1, 0]]

Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what is trained only once."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def trained(project: Path, kept: Path) -> Path:
    """A project with a version, and files of clean and of changed rows."""
    if not (kept / "models").exists():
        assert main.main(["train", "--quiet", *QUICK_TRAINING]) == 0
        shutil.copytree("models", kept / "models")
    else:
        shutil.copytree(kept / "models", "models")
    write_rows()
    return project / "models" / "model" / "1"


def report() -> Any:
    """Return what the command has written."""
    return json.loads((REPORT / "monitor.json").read_bytes())


def log(
    name: str,
    time: float = NOON,
    feeds: dict[str, Any] = FEEDS,
    outputs: list[Any] = OUTPUTS,
    version: int = 1,
) -> None:
    """Log a request as the server does."""
    LOG.parent.mkdir(exist_ok=True)
    told = (time, name, version, json.dumps(feeds), json.dumps(outputs))
    with closing(sqlite3.connect(LOG)) as database, database:
        database.execute(TABLE)
        database.execute(INSERT, told)


def archived(folder: Path = TODAY) -> list[dict[str, Any]]:
    """Return the rows that are kept of a day."""
    files = sorted(folder.glob("*.parquet"))
    tables = [parquet.ParquetFile(file).read().to_pylist() for file in files]
    return sorted((row for table in tables for row in table), key=lambda r: r["number"])


def test_clean_rows_are_quiet_and_changed_ones_are_not(
    trained: Path, capsys: Output
) -> None:
    assert main.main(["monitor", "--input", CLEAN]) == 0
    assert not report()["alarm"] and report()["rows"] >= 100
    assert "no alarm: none of" in capsys.readouterr().out
    assert main.main(["monitor", "--input", CHANGED]) == 1
    assert report()["alarm"] and report()["not_compared"] == []
    adjusted = [each["adjusted"] for each in report()["findings"]]
    assert adjusted == sorted(adjusted) and adjusted[0] <= 0.05
    shown = capsys.readouterr().out
    assert "ALARM: " in shown and str(REPORT / "index.html") in shown
    text = (REPORT / "index.html").read_text(encoding="utf-8")
    assert "<table" in text and not re.search(r"(src|href)=|url\(|@import", text)


def test_wrong_predictions_are_an_alarm_as_soon_as_they_are_known(
    trained: Path, capsys: Output
) -> None:
    first, second, *_ = registry.read_manifest(trained).classes
    assert main.main(["predict", "--input", CLEAN, "--output", "said.csv"]) == 0
    said = pd.read_csv("said.csv", dtype=str)[["row", "class"]]
    right = said.rename(columns={"class": "label"})
    right.to_csv("right.csv", index=False)
    wrong = np.where(right["label"] == first, second, first)
    right.assign(label=wrong).to_csv("wrong.csv", index=False)
    watch = ["monitor", "--input", CLEAN, "--labels"]
    assert main.main([*watch, "right.csv"]) == 0
    assert report()["labelled"] == len(said)
    assert main.main([*watch, "wrong.csv"]) == 1
    assert report()["findings"][0]["variable"] == "accuracy"
    right.assign(row="99999").to_csv("none.csv", index=False)
    right.assign(label="x").to_csv("odd.csv", index=False)
    right.rename(columns={"label": "truth"}).to_csv("bare.csv", index=False)
    capsys.readouterr()
    for name, message in (
        ("none.csv", "no label for any of"),
        ("odd.csv", "a label must be one of"),
        ("bare.csv", "label"),
        ("absent.csv", "absent.csv: "),
    ):
        assert main.main([*watch, name]) == 2
        assert message in capsys.readouterr().err


def test_the_request_log_is_compared_as_a_file_is(
    trained: Path, capsys: Output
) -> None:
    manifest = registry.read_manifest(trained)
    rows, _ = adapter.read_rows(Path(CLEAN), manifest, trained, strict=False)
    outputs = adapter.predictor(trained, manifest)(rows).astype(np.float32)
    feeds = adapter.feeds(rows, manifest.inputs)
    for at in range(0, len(outputs), 10):
        few = {name: each[at : at + 10].tolist() for name, each in feeds.items()}
        log(f"request-{at}", feeds=few, outputs=outputs[at : at + 10].tolist())
    assert main.main(["monitor", "--input", CLEAN]) == 0
    of_file = {(e["group"], e["variable"]): e["p"] for e in report()["findings"]}
    assert main.main(["monitor", "--log", str(LOG)]) == 0
    assert report()["rows"] == len(outputs)
    found = {(e["group"], e["variable"]): e["p"] for e in report()["findings"]}
    assert found == pytest.approx(of_file)
    best = np.array(manifest.classes)[outputs.argmax(axis=1)]
    places = range(0, len(outputs), 2)
    labels = [(f"request-{at // 10 * 10}", at % 10, best[at]) for at in places]
    table = pd.DataFrame(labels, columns=["request", "row", "label"])
    table.to_csv("labels.csv", index=False)
    watch = ["monitor", "--log", str(LOG)]
    assert main.main([*watch, "--labels", "labels.csv", "--max-rows", "60"]) == 0
    assert (report()["rows"], report()["labelled"]) == (60, 30)
    capsys.readouterr()
    assert main.main([*watch, "--hours", "1"]) == 2
    assert "has no request of version 1 in that time" in capsys.readouterr().err


def test_an_input_that_is_masked_is_not_compared(trained: Path) -> None:
    manifest = registry.read_manifest(trained)
    rows, _ = adapter.read_rows(Path(CLEAN), manifest, trained, strict=False)
    outputs = adapter.predictor(trained, manifest)(rows)
    masked, *_ = manifest.inputs.shapes
    feeds = adapter.feeds(rows, manifest.inputs)
    feeds = {name: each.tolist() for name, each in feeds.items() if name != masked}
    log("one", feeds=feeds, outputs=outputs.tolist())
    assert main.main(["monitor", "--log", str(LOG)]) == 0
    assert report()["not_compared"]
    assert {"class", "probability"} <= {e["variable"] for e in report()["findings"]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "either --input FILE or --log FILE"),
        (["--input", CLEAN, "--log", "x.db"], "either --input FILE or --log FILE"),
        (["--log", "absent.db"], "there is no request log; serve with --request-log"),
        (["--log", "configs/train.yaml"], "is no request log"),
        (["--input", CLEAN, "--version", "7"], "no version 7"),
        (["--input", "few" + Path(CLEAN).suffix], "rows are too few"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    trained: Path, options: list[str], message: str, capsys: Output
) -> None:
    write_rows("few" + Path(CLEAN).suffix, "unused" + Path(CLEAN).suffix, 20)
    assert main.main(["monitor", *options]) == 2
    assert message in capsys.readouterr().err


def test_whatever_a_name_holds_is_only_text_on_the_page(tmp_path: Path) -> None:
    from {{ cookiecutter.package_name }}.monitoring import command

    bad = "<script>alert(1)</script>$x"
    found = drift.holm([Finding(bad, bad, bad, 1.0, bad, bad, 0.001)])
    facts = {"model": bad, "data": bad, "time": "", "rows": 100, "alpha": 0.05}
    assert command.report(tmp_path, facts, found)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page and page.count("&lt;script&gt;") >= 5


def test_requests_are_kept_by_day_and_each_once(project: Path, capsys: Output) -> None:
    log("first", NOON + 0.25)
    log("before", NOON - 86_400)
    assert main.main(["request-log"]) == 0
    assert "4 new ones" in capsys.readouterr().out
    one, two = archived()
    assert one.pop("time").isoformat() == "2026-11-21T12:00:00.250000+00:00"
    assert one == {
        **{"request": "first", "row": 0, "number": 1, "prediction": [0.25, 0.75]},
        **{"age": 1.5, "city": "Köln, \"'", "date_": 2.0},
    }
    assert (two["row"], two["age"], two["city"]) == (1, None, MISSING)
    log("late", NOON - 100)
    assert main.main(["request-log"]) == 0
    assert "2 new ones" in capsys.readouterr().out
    with closing(sqlite3.connect(LOG)) as database, database:
        database.execute("delete from requests")  # as the server does with old ones
    log("anew", NOON + 1)  # and counts from 1
    assert main.main(["request-log"]) == 0
    assert [r["request"] for r in archived() if r["row"]] == ["first", "anew", "late"]
    table = parquet.read_table(TO).to_pandas()
    assert len(table) == 8 and set(table["date"]) == {"2026-11-20", "2026-11-21"}


def test_images_values_and_masked_inputs_are_kept(project: Path) -> None:
    images = np.arange(12.0).reshape(2, 2, 3).tolist()
    log("image", feeds={"images": images})
    log("value", feeds={"age": [[None]]}, outputs=[[3.5]], version=2)
    log("masked", feeds={"age": [[1.0]]}, outputs=[2.5], version=2)
    assert main.main(["request-log"]) == 0
    assert [row["images"] for row in archived()] == images
    values = archived(TO / "version=2" / "date=2026-11-21")
    assert [(row["age"], row["prediction"]) for row in values] == [
        (None, 3.5),
        (1, 2.5),
    ]


def test_a_log_that_is_none_is_refused(project: Path, capsys: Output) -> None:
    assert main.main(["request-log"]) == 2
    assert "there is no request log" in capsys.readouterr().err
    log("half")
    with closing(sqlite3.connect(LOG)) as database, database:
        database.execute("update requests set feeds = '{'")
    assert main.main(["request-log"]) == 2
    assert "is no request log" in capsys.readouterr().err


def groups(before: Any, now: Any) -> dict[str, Finding]:
    """Return what is found of one variable, by group."""
    found = drift.compare({"x": np.array(before)}, {"x": np.array(now)})
    return {each.group: each for each in found}


def test_each_kind_of_change_is_found() -> None:
    before = np.arange(1000.0)
    now = np.linspace(1, 998, 200)
    assert groups(before, now)["unseen"].p == 1 and groups(before, now)["drift"].p > 0.1
    now[:8] *= 1000  # a unit was mistaken in 4 % of the rows
    assert groups(before, now)["unseen"].p < 1e-4
    assert groups(before, np.full(40, np.nan)).keys() == {"missing"}
    texts = np.array(["a"] * 900 + ["b"] * 98 + ["c"] * 2, dtype=object)
    assert all(each.p > 0.01 for each in groups(texts, texts[::5]).values())
    for changed, group in (
        (["a", "b"] * 50, "drift"),
        (["a", MISSING] * 50, "missing"),
    ):
        assert groups(texts, np.array(changed, dtype=object))[group].p < 1e-4
    good, bad = np.repeat([0.0, 1.0], [95, 5]), np.repeat([0.0, 1.0], [70, 30])
    assert drift.compare_quality(good, bad, True).p < 1e-4
    assert drift.compare_quality(bad, good, True).p > 0.5
    errors = np.random.default_rng(0).random(200)
    assert drift.compare_quality(errors, errors + 0.3, False).p < 1e-4
    assert drift.compare_quality(errors, errors - 0.3, False).p > 0.5
