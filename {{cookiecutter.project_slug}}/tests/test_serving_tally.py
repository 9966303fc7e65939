"""What a request leaves behind: collected, then logged and counted."""

import asyncio
from pathlib import Path

import orjson
import pytest

from {{ cookiecutter.package_name }}.serving import tally
from {{ cookiecutter.package_name }}.serving.access import AccessLog
from {{ cookiecutter.package_name }}.serving.metrics import Metrics
from {{ cookiecutter.package_name }}.serving.tally import Done, Tally

PREDICTED = Done(
    1_700_000_000.25,
    "a1",
    "predict",
    "POST",
    "/predict",
    200,
    0.0123456,
    rows=3,
    version=2,
    classes={"cat": 1, "dog": 2},
)
REFUSED = PREDICTED._replace(status=400, rows=0, version=None, classes={})


@pytest.fixture
def collected(tmp_path: Path) -> Tally:
    """Return a tally that logs to access.jsonl."""
    return Tally(Metrics(), AccessLog("file", tmp_path / "access.jsonl"))


def figures(collected: Tally) -> dict[str, float]:
    """Return what Prometheus is told, but for the times of creation."""
    lines = collected.metrics.text().decode().splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in pairs if "_created" not in name}


def test_nothing_is_counted_before_there_are_enough(
    collected: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "MOST_WAITING", 3)
    name = 'http_request_seconds_count{endpoint="predict"}'
    for _ in range(2):
        collected.add(PREDICTED)
    assert name not in figures(collected) and not collected.log.lines
    collected.add(PREDICTED)
    assert figures(collected)[name] == len(collected.log.lines) == 3
    collected.settle()
    assert figures(collected)[name] == len(collected.log.lines) == 3


def test_a_prediction_is_counted_by_class_and_a_refusal_is_not(
    collected: Tally,
) -> None:
    collected.in_flight = 5
    collected.add(PREDICTED)
    collected.add(REFUSED)
    collected.settle()
    seen = figures(collected)
    assert seen["http_requests_in_flight"] == 5
    assert seen['predictions_total{predicted="dog",version="2"}'] == 2
    assert seen['prediction_rows_sum{endpoint="predict"}'] == 3
    labels = '{endpoint="predict",method="POST",status="400"}'
    assert seen["http_requests_total" + labels] == 1


def test_a_request_that_cannot_be_counted_is_logged_as_are_the_next(
    collected: Tally,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(collected.metrics, "count_predictions", full)
        collected.add(PREDICTED)
        collected.add(REFUSED)
        collected.settle()
    assert "request a1 could not be counted" in caplog.text
    assert len(collected.log.lines) == 2
    collected.add(PREDICTED)
    collected.settle()
    assert figures(collected)['prediction_rows_sum{endpoint="predict"}'] == 3


def test_a_line_says_when_what_and_how_long() -> None:
    line = REFUSED._replace(path="/" + "x" * 1000).line()
    assert line.pop("path") == "/" + "x" * (tally.LONGEST_PATH - 1)
    assert orjson.loads(orjson.dumps(line)) == {
        "time": "2023-11-14T22:13:20.250000+00:00",
        "id": "a1",
        "method": "POST",
        "status": 400,
        "ms": 12.346,
    }
    assert PREDICTED.line()["rows"] == 3 and PREDICTED.line()["version"] == 2


def test_lines_are_written_by_themselves_though_a_write_fails(
    collected: Tally,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(tally, "FLUSH_SECONDS", 0.01)
    folder = tmp_path / "logs"
    folder.write_bytes(b"a file where the folder should be")
    collected.log.path = folder / "access.jsonl"

    async def fail_then_write() -> None:
        writing = asyncio.create_task(collected.keep_settling())
        collected.add(PREDICTED)
        while "cannot be written" not in caplog.text:
            await asyncio.sleep(0.01)
        folder.unlink()
        collected.add(REFUSED)
        while not folder.exists():
            await asyncio.sleep(0.01)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)

    asyncio.run(asyncio.wait_for(fail_then_write(), 20))
    (line,) = (folder / "access.jsonl").read_bytes().splitlines()
    assert orjson.loads(line)["status"] == 400
