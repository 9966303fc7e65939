"""The command `monitor`: its files, its exit status, and what it refuses."""

import json
import re
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from {{ cookiecutter.package_name }} import main, registry
from {{ cookiecutter.package_name }}.serving.messages import Reply
from {{ cookiecutter.package_name }}.serving.metrics import Metrics
from {{ cookiecutter.package_name }}.serving.request_log import RequestLog
from {{ cookiecutter.package_name }}.watching import keeping, reference, rows
from {{ cookiecutter.package_name }}.watching.page import page
from {{ cookiecutter.package_name }}.watching.settings import MonitorSettings

from samples import CHANGED, CLEAN, QUICK_TRAINING, write_rows

REPORT = Path("reports/model/1/monitor")
LOG = Path("logs/requests.db")

Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what is trained only once."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def exported(project: Path, kept: Path) -> Path:
    """A project with an exported version, and files of clean and of changed rows."""
    if not (kept / "models").exists():
        assert main.main(["train", "--quiet", *QUICK_TRAINING]) == 0
        assert main.main(["export", "--quiet"]) == 0
        shutil.copytree("models", kept / "models")
    else:
        shutil.copytree(kept / "models", "models")
    write_rows()
    return project / "models" / "model" / "1"


def report() -> Any:
    """Return what the command has written."""
    return json.loads((REPORT / "monitor.json").read_bytes())


def p_values() -> dict[tuple[str, str], float]:
    """Return those of the report."""
    return {(e["group"], e["variable"]): e["p"] for e in report()["findings"]}


def test_clean_rows_are_quiet_and_changed_ones_are_not(
    exported: Path, capsys: Output
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
    assert "<svg" in text and not re.search(r"(src|href)=|url\(|@import", text)


def test_wrong_predictions_are_an_alarm_as_soon_as_they_are_known(
    exported: Path, capsys: Output
) -> None:
    _, manifest = registry.load_version(exported.parent, 1)
    assert main.main(["predict", "--input", CLEAN, "--output", "said.csv"]) == 0
    _, *lines = Path("said.csv").read_text(encoding="utf-8").splitlines()
    said = dict(line.split(",")[:2] for line in lines)
    first, second, *_ = manifest.classes
    for name, turned in (("right", False), ("wrong", True)):
        labels = [
            f"{row},{(second if label == first else first) if turned else label}"
            for row, label in said.items()
        ]
        text = "\n".join(["row,label", *labels, ""])
        Path(f"{name}.csv").write_text(text, encoding="utf-8")
    watch = ["monitor", "--input", CLEAN, "--labels"]
    assert main.main([*watch, "right.csv"]) == 0
    assert report()["labelled"] == len(said)
    assert main.main([*watch, "wrong.csv"]) == 1
    assert report()["findings"][0]["variable"] == "accuracy"
    Path("none.csv").write_text("row,label\n99999,x\n", encoding="utf-8")
    Path("odd.csv").write_text(f"row,label\n{min(said)},x\n", encoding="utf-8")
    Path("bare.csv").write_text("row,truth\n", encoding="utf-8")
    capsys.readouterr()
    for name, message in (
        ("none.csv", "no label for any of"),
        ("odd.csv", "a label must be one of"),
        ("bare.csv", "no column label"),
        ("absent.csv", "absent.csv: "),
    ):
        assert main.main([*watch, name]) == 2
        assert message in capsys.readouterr().err


def test_the_request_log_is_compared_as_a_file_is(
    exported: Path, capsys: Output
) -> None:
    _, manifest = registry.load_version(exported.parent, 1)
    settings = MonitorSettings(input=Path(CLEAN))
    feeds, _, _ = rows.read_rows(settings, Path(CLEAN), exported, manifest)
    outputs = keeping.predicted(exported / "model.onnx", manifest, feeds)
    log = RequestLog(LOG, Metrics())
    for start in range(0, len(outputs), 10):
        few = {name: each[start : start + 10] for name, each in feeds.items()}
        reply = Reply(b"", feeds=few, outputs=outputs[start : start + 10], version=1)
        log.add(f"request-{start}", reply)
    log.flush()
    assert main.main(["monitor", "--input", CLEAN]) == 0
    of_file = p_values()
    assert main.main(["monitor", "--log", str(LOG), "--hours", "1"]) == 0
    assert report()["rows"] == len(outputs)
    assert p_values() == of_file
    best = outputs.argmax(axis=1)
    labels = [
        f"request-{place // 10 * 10},{place % 10},{manifest.classes[best[place]]}"
        for place in range(0, len(outputs), 2)
    ]
    text = "\n".join(["request,row,label", *labels])
    Path("labels.csv").write_text(text, encoding="utf-8")
    watch = ["monitor", "--log", str(LOG)]
    assert main.main([*watch, "--labels", "labels.csv", "--max-rows", "60"]) == 0
    assert (report()["rows"], report()["labelled"]) == (60, 30)
    with sqlite3.connect(LOG) as database:
        database.execute("update requests set time = time - 7200")
    database.close()
    capsys.readouterr()
    assert main.main([*watch, "--hours", "1"]) == 2
    assert "no request of version 1 in the last 1 hours" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "either --input FILE or --log FILE"),
        (["--input", CLEAN, "--log", "x.db"], "either --input FILE or --log FILE"),
        (["--log", "absent.db"], "there is no request log; serve with --request-log"),
        (["--log", "configs/train.yaml"], "is no request log"),
        (["--input", CLEAN, "--version", "7"], "no version 7"),
        (["--input", "few" + Path(CLEAN).suffix], "rows are too few to compare"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    exported: Path, options: list[str], message: str, capsys: Output
) -> None:
    write_rows("few" + Path(CLEAN).suffix, "unused" + Path(CLEAN).suffix, 20)
    assert main.main(["monitor", *options]) == 2
    assert message in capsys.readouterr().err


def test_without_pyarrow_it_is_said_what_to_install(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    module = registry.__name__.replace("registry", "watching.parquet")
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main.main(["request-log"]) == 2
    assert "pyarrow cannot be imported" in capsys.readouterr().err


def test_a_version_without_reference_gets_one_by_export(
    exported: Path, capsys: Output
) -> None:
    before = (exported / reference.FILE).read_bytes()
    manifest = registry.read_manifest(exported)
    files = {k: v for k, v in manifest.files.items() if k != reference.FILE}
    older = manifest.model_copy(update={"files": files})
    (exported / reference.FILE).unlink()
    (exported / registry.MANIFEST).write_text(older.model_dump_json(), "utf-8")
    assert main.main(["monitor", "--input", CLEAN]) == 2
    assert "run `export --version 1`, which adds it" in capsys.readouterr().err
    assert main.main(["export"]) == 0
    assert (exported / reference.FILE).read_bytes() == before
    assert registry.read_manifest(exported) == manifest


def test_no_row_can_be_read_from_a_reference(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    names = np.array(["x", "<y>", "../z"] * 20, dtype=object)
    kept = reference.Reference(
        {"a": generator.random(60), "../b": names}, {"value": names}, np.ones(60)
    )
    reference.write_reference(tmp_path, kept)
    first = (tmp_path / reference.FILE).read_bytes()
    reference.write_reference(tmp_path, kept)
    assert (tmp_path / reference.FILE).read_bytes() == first
    manifest = type("Listed", (), {"files": {reference.FILE: ""}})()
    found = reference.read_reference(tmp_path, manifest)
    assert list(found.inputs) == ["a", "../b"]
    assert (found.inputs["a"] == np.sort(kept.inputs["a"])).all()
    assert found.inputs["../b"].tolist() == sorted(names)


def test_whatever_a_name_holds_is_only_text_on_the_page() -> None:
    bad = "<script>alert(1)</script>"
    finding = dict.fromkeys(("group", "variable", "before", "now", "test"), bad)
    content = {
        **dict.fromkeys(("model", "data", "time"), bad),
        **{"rows": 100, "alpha": 0.05, "alarm": True, "not_compared": [bad]},
        "findings": [{**finding, "effect": 1.0, "adjusted": 0.001}],
    }
    empty = np.full(30, np.nan)
    for values in (empty, np.arange(30.0), np.array([bad] * 30, dtype=object)):
        shown = page(content, {bad: values}, {bad: values})
        assert "<script" not in shown and "&lt;script&gt;" in shown
