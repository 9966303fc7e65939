"""The access log: whole lines, soon written, never in the way."""

from pathlib import Path

import orjson
import pytest

from {{ cookiecutter.package_name }}.serving import access
from {{ cookiecutter.package_name }}.serving.access import AccessLog, pieces


def test_lines_are_joined_but_not_cut() -> None:
    lines = [b"1234\n", b"56\n", b"789\n", b"a" * 20, b"b\n"]
    assert list(pieces(lines, 8)) == [b"1234\n56\n", b"789\n", b"a" * 20, b"b\n"]
    assert list(pieces([], 8)) == []


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "access.jsonl"
    log = AccessLog("file", file)
    for number in range(3):
        log.add({"n": number})
        log.flush()
        if number == 1:
            file.rename(tmp_path / "old")
    assert (tmp_path / "old").read_bytes() == b'{"n":0}\n{"n":1}\n'
    assert file.read_bytes() == b'{"n":2}\n'


def test_standard_output_gets_the_lines(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = AccessLog("stdout", tmp_path / "unused")
    log.add({"n": 1})
    log.flush()
    assert capfd.readouterr().out == '{"n":1}\n'
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_is_off_keeps_nothing(tmp_path: Path) -> None:
    log = AccessLog("off", tmp_path / "unused")
    log.add({"n": 1})
    log.flush()
    assert log.lines == [] and list(tmp_path.iterdir()) == []


def test_lines_that_nobody_takes_are_dropped_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(access, "MOST_LINES", 2)
    log = AccessLog("file", tmp_path / "log")
    for number in range(5):
        log.add({"n": number})
    log.flush()
    lines = (tmp_path / "log").read_bytes().splitlines()
    assert [orjson.loads(line)["n"] for line in lines] == [0, 1]
    assert "3 lines" in caplog.text
