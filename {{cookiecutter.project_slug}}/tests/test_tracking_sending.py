"""What MLflow has of a run that was sent."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from {{ cookiecutter.package_name }} import aliases, main, recording
from {{ cookiecutter.package_name }}.recording import Recorder, RecordSettings
from {{ cookiecutter.package_name }}.tracking import spool
from {{ cookiecutter.package_name }}.tracking.recorder import start_facts
from {{ cookiecutter.package_name }}.tracking.spool import LOG, Spool

from tracked import facts, only_run


def test_a_training_is_a_run_with_everything_that_is_known_of_it(
    tracked: None, mlflow_address: str, mlflow_client: Any
) -> None:
    options = ["--quiet", "--epochs", "3", "--tracking-uri", mlflow_address]
    assert main.main(["train", *options, "--experiment", "whole"]) == 0
    manifest = json.loads(Path("models/model/1/manifest.json").read_text("utf-8"))
    (run,) = spool.runs(Path("models/model"))
    found = facts(mlflow_client, run, mlflow_address)
    assert found["status"] == "FINISHED"
    assert found["parameters"]["seed"] == str(manifest["settings"]["seed"])
    assert found["tags"]["version"] == "1"
    assert found["data"] == [(manifest["dataset"], manifest["data_sha256"][:36])]
    assert found["artifacts"] == [LOG, "manifest.json"]
    for name, values in manifest["history"].items():
        assert found["figures"][name] == list(enumerate(values, start=1))
    assert found["figures"]["system/system_memory_usage_percentage"][0][1] > 0
    for name, value in manifest["metrics"].items():
        assert found["figures"][name][-1][1] == value
    (version,) = mlflow_client.search_model_versions("name = 'whole-model'")
    assert version.run_id == run.sent(mlflow_address).run_id
    assert version.tags["version"] == "1"
    assert run.is_sent(mlflow_address)


def test_what_was_sent_is_not_sent_again(
    record_settings: RecordSettings,
    unsent: None,
    save: Callable[[bool], Path],
    send_runs: Callable[[], Any],
    mlflow_client: Any,
    mlflow_address: str,
) -> None:
    with recording.recorded(record_settings, "train", "digits", "0" * 64) as record:
        record.history({"val_accuracy": [0.8, 0.9]})
        record.version(save(True))
    run = only_run(record_settings)
    send_runs()
    before = facts(mlflow_client, run, mlflow_address)
    send_runs()
    assert facts(mlflow_client, run, mlflow_address) == before
    run.sent_file(mlflow_address).unlink()  # as if the answers had been lost
    send_runs()
    assert facts(mlflow_client, run, mlflow_address) == before
    name = f"{record_settings.experiment}-model"
    assert len(mlflow_client.search_model_versions(f"name = '{name}'")) == 1
    experiment = mlflow_client.get_experiment_by_name(record_settings.experiment)
    assert len(mlflow_client.search_runs([experiment.experiment_id])) == 1


def test_trials_are_runs_within_the_run(
    record_settings: RecordSettings,
    unsent: None,
    send_runs: Callable[[], Any],
    mlflow_client: Any,
    mlflow_address: str,
) -> None:
    with recording.recorded(record_settings, "tune", "wine", "0" * 64) as record:
        for number in range(3):
            record.trial(number, {"C": 0.1 * number}, 0.9)
    send_runs()
    parent = only_run(record_settings).sent(mlflow_address).run_id
    experiment = mlflow_client.get_experiment_by_name(record_settings.experiment)
    children = mlflow_client.search_runs(
        [experiment.experiment_id], f"tags.mlflow.parentRunId = '{parent}'"
    )
    assert sorted(run.data.params["C"] for run in children) == ["0.0", "0.1", "0.2"]
    assert {run.info.status for run in children} == {"FINISHED"}
    assert [run.data.metrics["score"] for run in children] == [0.9] * 3


def test_a_killed_training_is_marked_so_until_it_is_resumed(
    record_settings: RecordSettings,
    unsent: None,
    send_runs: Callable[[], Any],
    mlflow_client: Any,
    mlflow_address: str,
) -> None:
    run = Spool(record_settings.models_dir / "model" / ".runs" / "one")
    killed = Recorder(run)
    killed.tell("start", **start_facts(record_settings, "train", "x", "0" * 64))
    killed.epoch(1, {"loss": 0.5})
    send_runs()
    assert facts(mlflow_client, run, mlflow_address)["status"] == "KILLED"
    with recording.recorded(record_settings, "train", "x", "0" * 64, "one") as record:
        record.epoch(2, {"loss": 0.25})
    send_runs()
    found = facts(mlflow_client, run, mlflow_address)
    assert found["status"] == "FINISHED"
    assert found["figures"]["loss"] == [(1, 0.5), (2, 0.25)]


def test_the_alias_follows_the_version_in_production(
    record_settings: RecordSettings,
    unsent: None,
    save: Callable[[bool], Path],
    model_dir: Path,
    send_runs: Callable[[], Any],
    mlflow_client: Any,
) -> None:
    for _ in range(2):
        with recording.recorded(record_settings, "train", "x", "0" * 64) as record:
            record.version(save(True))
    name = f"{record_settings.experiment}-model"
    send_runs()
    assert mlflow_client.get_registered_model(name).aliases == {}
    for version in (2, 1):
        aliases.promote(model_dir, version)
        send_runs()
        found = mlflow_client.get_model_version_by_alias(name, "production")
        assert found.tags["version"] == str(version)
    (model_dir / aliases.ALIASES).unlink()
    send_runs()
    assert mlflow_client.get_registered_model(name).aliases == {}


def test_a_promotion_is_sent_once_there_are_runs(
    tracked: None,
    mlflow_address: str,
    mlflow_client: Any,
    save: Callable[[bool], Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    options = ["--tracking-uri", mlflow_address, "--experiment", "promoted"]
    settings = RecordSettings(tracking_uri=mlflow_address, experiment="promoted")
    save(True)
    recording.promoted(settings)  # there is no run: MLflow is not even asked
    with recording.recorded(settings, "train", "x", "0" * 64) as record:
        record.version(save(True))
    assert main.main(["registry", "promote", "--quiet", *options]) == 0
    found = mlflow_client.get_model_version_by_alias("promoted-model", "production")
    assert found.tags["version"] == "2"
    assert [line for line in caplog.records if line.levelno > logging.INFO] == []
