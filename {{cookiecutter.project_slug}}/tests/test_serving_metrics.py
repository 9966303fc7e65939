"""What Prometheus is told, by one worker and by several."""

#% if "monitor" in cookiecutter.__extras
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

#% else
import os
import subprocess
import sys
from pathlib import Path

import pytest

#% endif

from {{ cookiecutter.package_name }}.serving import metrics

from gates import BODY, PREDICT, OneModel, application, figures


def test_prometheus_is_told_what_was_asked_and_predicted(tmp_path: Path) -> None:
    served = OneModel(tmp_path)
    with application(served) as client:
        for _ in range(3):
            client.post(PREDICT, content=BODY)
        client.post(PREDICT, content=b"[")
        client.get("/nothing")
        found = figures(client)
    name = 'endpoint="tensorflow_serving_predict"'
    requests = "http_requests_total{" + f'{name},method="POST",status='
    assert found[requests + '"200"}'] == 3
    assert found[requests + '"400"}'] == 1
    unmatched = 'http_requests_total{endpoint="unmatched",method="GET",status="404"}'
    assert found[unmatched] == 1
    assert found["prediction_rows_sum{" + name + "}"] == 6
    assert found["http_request_seconds_count{" + name + "}"] == 4
    assert found['model_version{model="model"}'] == 1
    rows = [value for key, value in found.items() if "predictions_total{" in key]
    assert sum(rows) == (6 if served.model.classes else 0)


#% if "monitor" in cookiecutter.__extras
def test_figures_of_monitor_appear_with_its_report_and_follow_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    served = OneModel(tmp_path)
    file = tmp_path / "reports/model/1/monitor/monitor.json"
    finding = {"group": "drift", "variable": 'a "b"\n<c>', "effect": 0.5}
    content: dict[str, Any] = {
        "time": "2026-01-02T03:04:05Z",
        "rows": 200,
        "alarm": True,
        "findings": [{**finding, "adjusted": 0.001}],
    }

    def told(client: TestClient) -> dict[str, float]:
        every = figures(client).items()
        start = "model_monitor_"
        return {
            name.removeprefix(start).partition("{")[0]: value
            for name, value in every
            if name.startswith(start)
        }

    with application(served, reports_dir=tmp_path / "reports") as client:
        assert told(client) == {}
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(content))
        assert told(client) == {
            "alarm": 1,
            "rows": 200,
            "time_seconds": 1767323045,
            "effect": 0.5,
            "p_value": 0.001,
        }
        assert r'variable="a \"b\"\n<c>"' in client.get("/metrics").text
        file.write_text(json.dumps({**content, "alarm": False}))
        assert told(client)["alarm"] == 0
        file.write_text("{")
        assert told(client) == {}
    assert "run `monitor` again" in caplog.text


#% endif
def test_what_other_workers_counted_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of those that have ended: a counter must not fall."""
    code = (
        "from {{ cookiecutter.package_name }}.serving.metrics import Metrics\n"
        "Metrics().requests('test', 'GET', 200).inc()\n"
    )
    monkeypatch.setenv(metrics.FOLDER_VARIABLE, str(tmp_path))
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ))
    told = metrics.Metrics().text().decode()
    assert 'requests_total{endpoint="test",method="GET",status="200"} 1.0' in told
