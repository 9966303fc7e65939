"""What `monitor` has found, as figures of /metrics."""

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from {{ cookiecutter.package_name }}.serving.app import create_app
from {{ cookiecutter.package_name }}.serving.settings import ServeSettings

from gates import OneModel

NAME = 'a "b"\n<c>'
CONTENT: dict[str, Any] = {
    "time": "2026-01-02T03:04:05Z",
    "rows": 200,
    "alarm": True,
    "findings": [
        {"group": "drift", "variable": NAME, "effect": 0.5, "adjusted": 0.001}
    ],
}


@pytest.mark.parametrize("workers", ["one", "several"])
def test_figures_appear_with_the_report_and_follow_it(
    workers: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = OneModel(project / "served")
    if workers == "several":
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(project))
    file = project / f"reports/model/{models.model.version}/monitor/monitor.json"

    def figures() -> dict[tuple[str, str | None], float]:
        families = text_string_to_metric_families(client.get("/metrics").text)
        return {
            (sample.name, sample.labels.get("variable")): sample.value
            for family in families
            for sample in family.samples
            if sample.name.startswith("model_monitor")
        }

    settings = ServeSettings(access_log="off")
    with TestClient(create_app(settings, models)) as client:
        assert figures() == {}
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(CONTENT), encoding="utf-8")
        assert figures() == {
            ("model_monitor_alarm", None): 1,
            ("model_monitor_rows", None): 200,
            ("model_monitor_time_seconds", None): 1767323045,
            ("model_monitor_effect", NAME): 0.5,
            ("model_monitor_p_value", NAME): 0.001,
        }
        file.write_text(json.dumps({**CONTENT, "alarm": False}), encoding="utf-8")
        assert figures()["model_monitor_alarm", None] == 0
        file.write_text("{}", encoding="utf-8")
        assert figures() == {}
