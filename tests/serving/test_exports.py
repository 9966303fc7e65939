"""What a training exports is loaded by the servers that it is meant for.

Each framework's default project is set up and trains; then a real server and
the project's own one load the same version, and have to answer the same bytes alike.
"""

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from environments import InstalledProject
from serving.contract import Answer, Case, ask, unlike
from serving.real_servers import (
    SCRIPTS,
    mlserver_environment,
    mlserver_with,
    torchserve_environment,
    torchserve_with,
)
from serving.running import find_uv, free_ports, run, started

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="the servers are for Linux and macOS"),
]

VERSION = "models/model/1"


@pytest.fixture(scope="module")
def exported(
    installed: Callable[[str], InstalledProject],
) -> Callable[[str], InstalledProject]:
    """Return `exported(framework)`: a project with one version."""

    def get(framework: str) -> InstalledProject:
        project = installed(framework)
        if not (project.path / VERSION).exists():
            project.run(project.path.name, "train")
        return project

    return get


@contextmanager
def serve(project: InstalledProject, folder: Path) -> Iterator[str]:
    """Run the project's own server and give its address."""
    (port,) = free_ports(1)
    command = [str(project.path / ".venv/bin" / project.path.name), "serve"]
    command += ["--port", str(port), "--no-access-log"]
    address = f"http://127.0.0.1:{port}"
    with started(command, project.path, f"{address}/readyz", log=folder / "ours.log"):
        yield address


def answers(address: str, cases: list[Case]) -> list[Any]:
    """Return what a server answers, all of it with status 200."""
    found: list[Answer] = [ask(address, case) for case in cases]
    assert [answer.status for answer in found] == [200] * len(cases), found
    return [answer.content() for answer in found]


def test_torchserve_answers_with_the_exported_archive_what_serve_does(
    exported: Callable[[str], InstalledProject], tmp_path: Path
) -> None:
    project = exported("pytorch")
    path = "/predictions/model"
    png = {"Content-Type": "image/png"}
    cases = [
        Case("torchserve/image", path),
        Case("torchserve/images", path),
        Case("torchserve/png", path, headers=png),
    ]
    project.run("python", "deploy/torchserve/archive.py", VERSION, str(tmp_path))
    with torchserve_with(tmp_path, torchserve_environment()) as address:
        theirs = answers(address, cases)
    with serve(project, tmp_path) as address:
        assert unlike(theirs, answers(address, cases)) == []


def test_mlserver_answers_with_the_exported_pipeline_what_serve_does(
    exported: Callable[[str], InstalledProject], tmp_path: Path
) -> None:
    """As Seldon's SKLEARN_SERVER, which is MLServer, with columns by their names."""
    project = exported("scikit-learn")
    manifest = json.loads((project.path / VERSION / "manifest.json").read_text())
    inputs = manifest["inputs"]
    # A pickle needs the scikit-learn that wrote it.
    version = manifest["libraries"]["scikit-learn"]
    with (project.path / "data/raw/breast_cancer.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))[:2]
    body = {
        "parameters": {"content_type": "pd"},
        "inputs": [
            {
                "name": name,
                "datatype": "FP64",
                "shape": [2, 1],
                "data": [float(row[name]) for row in rows],
            }
            for name in inputs["rules"]
            if name != inputs["target"]
        ],
    }
    file = tmp_path / "columns.request.json"
    file.write_text(json.dumps(body))
    case = Case("columns", "/v2/models/model/infer", folder=tmp_path)
    joblib = project.path / VERSION / "model.joblib"
    (tmp_path / "model.joblib").write_bytes(joblib.read_bytes())
    programs = mlserver_environment(f"scikit-learn=={version}")
    with mlserver_with(tmp_path, programs) as address:
        (theirs,) = answers(address, [case])
    with serve(project, tmp_path) as address:
        (own,) = answers(address, [case])
    shape, data = (theirs["outputs"][0][key] for key in ("shape", "data"))
    assert own["outputs"][0]["shape"] == shape == [2, len(manifest["classes"])]
    assert unlike(data, own["outputs"][0]["data"]) == []


def test_the_saved_model_answers_over_grpc_what_serve_does_over_rest(
    exported: Callable[[str], InstalledProject], tmp_path: Path
) -> None:
    """With the stub of tensorflow-serving-api as it is, and its warm-up requests."""
    project = exported("tensorflow")
    python = str(project.path / ".venv/bin/python")
    api = [find_uv(), "pip", "install", "--quiet", "--python", python, "--no-deps"]
    run([*api, "tensorflow-serving-api==2.21.*"])
    deploy = project.path / "deploy/tensorflow_serving"
    copied = tmp_path / "model"
    run([python, str(deploy / "warm_up.py"), VERSION, str(copied)], cwd=project.path)
    warm_up = copied / "1/assets.extra/tf_serving_warmup_requests"
    (port,) = free_ports(1)
    service = [python, str(SCRIPTS / "prediction_service.py"), str(port), str(copied)]
    with started(service, tmp_path, None):
        client = [python, str(SCRIPTS / "grpc_client.py"), str(port)]
        printed = run([*client, str(deploy / "digits.json"), str(warm_up)])
    said = json.loads(printed.splitlines()[-1])
    assert said["signature"] == {
        "images": ["float32", [-1, 8, 8]],
        "probabilities": ["float32", [-1, 10]],
    }
    case = Case("tensorflow_serving/instances", "/v1/models/model:predict")
    assert case.body() == (deploy / "digits.json").read_bytes()
    with serve(project, tmp_path) as address:
        (own,) = answers(address, [case])
    assert unlike(said["predictions"], own["predictions"]) == []
    assert unlike(said["warm_up"], [own["predictions"]]) == []
