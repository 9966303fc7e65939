"""A training whose tracking server dies or hangs ends well, and nothing is lost."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from environments import Installed, InstalledProject
from serving.running import free_ports

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="stops processes by signals"),
]

EPOCHS = 300
PATIENCE = 180  # seconds, on a machine that does much else
# The server reports no use of it, and does not start what runs jobs.
QUIETLY = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


def until(what: str, condition: Callable[[], Any]) -> Any:
    """Wait for a condition and return what it returned; fail if it never holds."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"never seen: {what}"
        time.sleep(0.05)
    return found


class Server:
    """A real `mlflow server` of a project's environment, on one database."""

    def __init__(self, project: InstalledProject, folder: Path) -> None:
        """Choose the port and the files; nothing runs yet."""
        self.project = project
        self.folder = folder
        (self.port,) = free_ports(1)
        self.address = f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """Start it and wait until it answers; kill it with all its workers."""
        command = [str(self.project.path / ".venv/bin/mlflow"), "server"]
        command += ["--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db"]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        with (self.folder / "server.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                env=os.environ | QUIETLY,
            )
        try:
            until("an answer of the server", self.is_healthy)
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def is_healthy(self) -> bool:
        """Whether the server answers."""
        try:
            with urllib.request.urlopen(f"{self.address}/health", timeout=5) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def ask(self, path: str, **fields: Any) -> dict[str, Any]:
        """Return the answer of MLflow's REST API; fields make it a POST."""
        request = urllib.request.Request(
            f"{self.address}/api/2.0/mlflow/{path}",
            data=json.dumps(fields).encode() if fields else None,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            answer: dict[str, Any] = json.load(reply)
        return answer

    def runs(self) -> list[dict[str, Any]]:
        """Return all runs of all experiments."""
        experiments = self.ask("experiments/search", max_results=100)["experiments"]
        identifiers = [one["experiment_id"] for one in experiments]
        found = self.ask("runs/search", experiment_ids=identifiers, max_results=100)
        return list(found.get("runs", []))

    def history(self, run_id: str, name: str) -> list[tuple[int, float]]:
        """Return step and value of every point of a metric, as they came."""
        query = f"run_id={run_id}&metric_key={name}&max_results=25000"
        points = self.ask(f"metrics/get-history?{query}").get("metrics", [])
        return [(int(point["step"]), float(point["value"])) for point in points]

    def everything(self) -> dict[str, Any]:
        """Return all that is asked for in a run, its figures point by point."""
        (run,) = self.runs()
        run_id = run["info"]["run_id"]
        names = [metric["key"] for metric in run["data"]["metrics"]]
        versions = self.ask("model-versions/search").get("model_versions", [])
        return {
            "run": run,
            "history": {name: self.history(run_id, name) for name in names},
            "artifacts": self.ask(f"artifacts/list?run_id={run_id}")["files"],
            "versions": [version["tags"] for version in versions],
        }


def start_training(project: InstalledProject, *options: str) -> subprocess.Popen[str]:
    """Start a training and return its process."""
    return subprocess.Popen(
        [str(project.path / ".venv/bin" / project.path.name), "train", *options],
        cwd=project.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def lines_of(file: Path) -> int:
    """Return how many lines a file has; 0 if there is no file."""
    return len(file.read_bytes().splitlines()) if file.is_file() else 0


def test_a_server_is_killed_in_the_middle_of_a_training_and_nothing_is_lost(
    installed: Installed, tmp_path: Path
) -> None:
    project = installed("tensorflow")
    server = Server(project, tmp_path)
    places = ["--models-dir", str(tmp_path / "models"), "--tracking-uri"]
    places += [server.address, "--log-dir", str(tmp_path / "logs")]
    options = ["--epochs", str(EPOCHS), "--hidden-units", "16", *places]
    with server.running():
        training = start_training(project, *options)
        try:
            (events,) = until(
                "the first epoch",
                lambda: [
                    file
                    for file in tmp_path.glob("models/model/.runs/*/events.jsonl")
                    if lines_of(file) > 1
                ],
            )
            training.send_signal(signal.SIGSTOP)  # its companion goes on
            assert training.poll() is None
            (run,) = until(
                "a metric while the model is trained",
                lambda: [run for run in server.runs() if run["data"].get("metrics")],
            )
        except BaseException:
            training.kill()
            raise
    assert run["info"]["status"] == "RUNNING"
    assert lines_of(events) < EPOCHS
    training.send_signal(signal.SIGCONT)
    shown, _ = training.communicate(timeout=PATIENCE)
    assert training.returncode == 0, shown
    assert "`tracking sync` sends it" in shown and "Connection refused" in shown
    manifest = json.loads((tmp_path / "models/model/1/manifest.json").read_text())
    with server.running():
        sync = [project.path.name, "tracking", "sync", *places]
        assert f"sent:    {events.parent.name}" in project.run(*sync)
        found = server.everything()
        assert f"{server.address} has all runs" in project.run(*sync)
        assert server.everything() == found
    assert found["run"]["info"]["status"] == "FINISHED"
    assert found["run"]["info"]["run_id"] == run["info"]["run_id"]
    for name, values in manifest["history"].items():
        assert len(values) == EPOCHS
        assert found["history"][name] == list(enumerate(values, start=1))
    parameters = {one["key"]: one["value"] for one in found["run"]["data"]["params"]}
    assert parameters["epochs"] == str(EPOCHS) and parameters["hidden_units"] == "16"
    assert {file["path"] for file in found["artifacts"]} == {
        "command.log",
        "manifest.json",
    }
    (given,) = found["run"]["inputs"]["dataset_inputs"]
    assert manifest["data_sha256"].startswith(given["dataset"]["digest"])
    (tags,) = found["versions"]
    assert {"key": "version", "value": "1"} in tags
    print(f"{EPOCHS} epochs, each once, after the server was killed")


def test_a_server_that_accepts_and_never_answers_costs_no_training(
    installed: Installed, tmp_path: Path
) -> None:
    project = installed("scikit-learn")
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        places = ["--models-dir", str(tmp_path / "models"), "--tracking-uri"]
        places += [f"http://127.0.0.1:{silent.getsockname()[1]}"]
        shown = project.run(project.path.name, "train", *places)
    assert "`tracking sync` sends it" in shown and "timed out" in shown
    assert (tmp_path / "models/model/1/manifest.json").is_file()
    (events,) = tmp_path.glob("models/model/.runs/*/events.jsonl")
    kinds = [json.loads(line)["kind"] for line in events.read_text().splitlines()]
    assert kinds[0] == "start" and kinds[-2:] == ["version", "end"]
