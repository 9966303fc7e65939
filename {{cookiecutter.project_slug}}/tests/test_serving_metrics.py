"""What Prometheus is told, by one worker and by several."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
    model = OneModel(tmp_path / "models").get()
    told = metrics.Metrics().text(model).decode()
    assert 'requests_total{endpoint="test",method="GET",status="200"} 1.0' in told
