"""The command `monitor`: files, logs, exit status, what it refuses."""

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import adapter, main, registry
from {{ cookiecutter.package_name }}.config import DataError
from {{ cookiecutter.package_name }}.monitoring import command, drift
from {{ cookiecutter.package_name }}.monitoring.drift import MISSING, Finding
from {{ cookiecutter.package_name }}.monitoring.log import read_log

from samples import CHANGED, CLEAN, QUICK_TRAINING, write_rows

REPORT = Path("reports/model/1/monitor")
LOG = Path("logs/requests")
ANSWER: dict[str, Any] = {"model": "model", "version": 1}
NOW = datetime.now(UTC)

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
    request_id: str,
    outputs: Any,
    inputs: list[dict[str, Any]] | None = None,
    time: str | None = None,
    **facts: Any,
) -> None:
    """Log a request as the server does: a line a row, in the file of the day."""
    LOG.mkdir(parents=True, exist_ok=True)
    time = time or NOW.isoformat()
    with (LOG / f"{time[:10]}.jsonl").open("a", encoding="utf-8") as file:
        for row, output in enumerate(np.asarray(outputs).tolist()):
            given = inputs[row] if inputs else {"age": row}
            line = {"time": time, "request_id": request_id, "row": row, **ANSWER}
            line |= {"inputs": given, "outputs": output, **facts}
            file.write(json.dumps(line) + "\n")


def rows_of(feeds: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the server logs of the inputs of each row; null for NaN."""
    #% if cookiecutter.__data_kind == "images"
    rows = [{"images": image.tolist()} for image in feeds["images"]]
    #% else
    table = pd.DataFrame({name: each[:, 0] for name, each in feeds.items()})
    rows = json.loads(table.to_json(orient="records", double_precision=15))
    #% endif
    return list(rows)


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
    gauges = (REPORT / "monitor.prom").read_text(encoding="utf-8")
    assert 'model_monitor_alarm{version="1"} 1.0' in gauges
    for each in report()["findings"]:
        about = f'group="{each["group"]}",variable="{each["variable"]}",version="1"'
        line = "model_monitor_effect{" + about + "} " + f"{each['effect']}\n"
        assert line in gauges


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
    rows, _ = adapter.read_rows(Path(CLEAN), manifest.inputs, strict=False)
    outputs = adapter.predictor(trained, manifest)(rows).astype(np.float32)
    inputs = rows_of(adapter.feeds(rows, manifest.inputs))
    for at in range(0, len(outputs), 10):
        log(f"{at}", outputs[at : at + 10], inputs[at : at + 10])
    assert main.main(["monitor", "--input", CLEAN]) == 0
    of_file = {(e["group"], e["variable"]): e["p"] for e in report()["findings"]}
    assert main.main(["monitor", "--log", str(LOG)]) == 0
    assert (report()["rows"], report()["not_compared"]) == (len(outputs), [])
    found = {(e["group"], e["variable"]): e["p"] for e in report()["findings"]}
    assert found == pytest.approx(of_file)
    best = np.array(manifest.classes)[outputs.argmax(axis=1)]
    places = range(0, len(outputs), 2)
    labels = [(at // 10 * 10, at % 10, best[at]) for at in places]
    table = pd.DataFrame(labels, columns=["request_id", "row", "label"])
    table.to_csv("labels.csv", index=False)
    watch = ["monitor", "--log", str(LOG)]
    assert main.main([*watch, "--labels", "labels.csv"]) == 0
    assert (report()["rows"], report()["labelled"]) == (len(outputs), len(places))


#% if cookiecutter.__data_kind == "tabular"
def test_a_column_that_is_not_logged_is_not_compared(trained: Path) -> None:
    manifest = registry.read_manifest(trained)
    rows, _ = adapter.read_rows(Path(CLEAN), manifest.inputs, strict=False)
    outputs = adapter.predictor(trained, manifest)(rows)
    masked, *_ = manifest.inputs.shapes
    inputs = rows_of(adapter.feeds(rows, manifest.inputs))
    for row in inputs:
        del row[masked]
    log("one", outputs, inputs)
    assert main.main(["monitor", "--log", str(LOG)]) == 0
    assert report()["not_compared"] == [masked]
    assert {"class", "probability"} <= {e["variable"] for e in report()["findings"]}


#% endif
def test_rows_of_the_version_are_read_the_newest_first(project: Path) -> None:
    ago = [(NOW - timedelta(hours=hours)).isoformat() for hours in (0, 2, 25)]
    log("007", [[0.5], [0.25]], time=ago[1])
    log("late", [[1]], time=ago[0])
    log("before", [[2.0]], time=ago[2])
    log("later", [[3.0]], version=2)
    log("other", [[4.0]], model="twin")
    told = read_log(LOG, "model", 1, 48)
    assert told["request_id"].to_list() == ["late", "007", "007", "before"]
    assert told["outputs"].to_list() == [[1.0], [0.5], [0.25], [2.0]]
    assert told["inputs"].to_list()[2] == {"age": 1}
    with (LOG / f"{ago[1][:10]}.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"time": "2026-11')  # the disk was full
    (LOG / f"{NOW + timedelta(1):%Y-%m-%d}.jsonl").touch()  # a day that just begins
    assert len(read_log(LOG, "model", 1, 24)) == 3
    assert read_log(LOG, "model", 1, 1)["request_id"].to_list() == ["late"]
    with pytest.raises(DataError, match="no row of version 3 in the last 24 h"):
        read_log(LOG, "model", 3, 24)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "either --input FILE or --log FOLDER"),
        (["--input", CLEAN, "--log", "logs"], "either --input FILE or --log FOLDER"),
        (["--log", "absent"], "no row of version 1 in the last 24 h; `serve --request"),
        (["--log", "broken"], "broken is damaged"),
        (["--input", CLEAN, "--version", "7"], "no version 7"),
        (["--input", "few" + Path(CLEAN).suffix], "rows are too few"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    trained: Path, options: list[str], message: str, capsys: Output
) -> None:
    Path("broken").mkdir()
    Path(f"broken/{NOW:%Y-%m-%d}.jsonl").write_text("{time}\n", "utf-8")
    write_rows("few" + Path(CLEAN).suffix, "unused" + Path(CLEAN).suffix, 20)
    assert main.main(["monitor", *options]) == 2
    assert message in capsys.readouterr().err


def test_whatever_a_name_holds_is_only_text_on_the_page(tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>$x"
    found = pd.DataFrame([Finding(bad, bad, bad, 1.0, bad, bad, 0.001)])
    found["adjusted"] = 0.001
    facts = {"model": bad, "data": bad, "time": "", "rows": 100, "alpha": 0.05}
    command.report(tmp_path, {**facts, "alarm": True}, found)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page and page.count("&lt;script&gt;") >= 5


def groups(before: Any, now: Any) -> dict[str, Finding]:
    """Return what is found of one variable, by group."""
    found = drift.compare_variables({"x": np.array(before)}, {"x": np.array(now)})
    return {each.group: each for each in found}


def test_dates_are_told_as_dates() -> None:
    days = np.datetime64("2024-01-01", "s") + np.arange(100).astype("m8[D]")
    found = groups([*days, np.datetime64("NaT")], days + np.timedelta64(200, "D"))
    assert found["drift"].now == "median 2024-09-06"
    assert found["unseen"].before == "2024-01-01 to 2024-04-09"
    assert found["missing"].p == 1


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
