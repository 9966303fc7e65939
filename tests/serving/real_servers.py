"""How to start each server with the golden model, in an environment of its own.

Every function is a context: it gives the server's address as long as it runs. All
listen on 127.0.0.1 only, at ports that were free a moment before.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from conftest import PROJECT, ROOT, bake_into
from serving.contract import OURS
from serving.running import (
    clean_environment,
    environment,
    find_uv,
    free_ports,
    run,
    started,
)

SCRIPTS = Path(__file__).resolve().parent / "servers"
TORCHSERVE = ROOT / PROJECT / "deploy/torchserve"


@contextmanager
def ours(folder: Path) -> Iterator[str]:
    """The server of a rendered project, with nothing installed but what it needs."""
    project = bake_into(folder, extras="serve")
    assert project.exit_code == 0, project.stderr
    # onnx writes the model, in place of a training framework.
    programs = environment("ours", ["onnx"], project.path / "requirements/serve.txt")
    python = str(programs / "python")
    install = [find_uv(), "pip", "install", "--quiet", "--no-deps", "--python", python]
    run([*install, "--editable", str(project.path)], env=clean_environment())
    run([python, str(SCRIPTS / "save_version.py")], cwd=project.path)
    (port,) = free_ports(1)
    command = [str(programs / project.path.name), "serve", "--port", str(port)]
    address = f"http://127.0.0.1:{port}"
    with started(command, project.path, f"{address}/readyz"):
        yield address


@contextmanager
def mlserver(folder: Path) -> Iterator[str]:
    """MLServer with its own runtime for scikit-learn: Open Inference."""
    programs = mlserver_environment()
    save = [str(programs / "python"), str(SCRIPTS / "save_joblib.py")]
    run([*save, str(folder / "model.joblib")])
    inputs = [{"name": "images", "datatype": "FP32", "shape": [-1, 8, 8]}]
    with mlserver_with(folder, programs, {"inputs": inputs}) as address:
        yield address


def mlserver_environment(*requirements: str) -> Path:
    """Make MLServer's environment, with a certain scikit-learn for example."""
    wanted = ["mlserver==1.7.*", "mlserver-sklearn==1.7.*", *requirements]
    return environment("mlserver", wanted)


@contextmanager
def mlserver_with(
    folder: Path, programs: Path, metadata: dict[str, Any] | None = None
) -> Iterator[str]:
    """MLServer of an environment, with the model.joblib in a folder."""
    http, grpc, metrics = free_ports(3)
    settings = {
        "host": "127.0.0.1",
        "http_port": http,
        "grpc_port": grpc,
        "metrics_port": metrics,
        "parallel_workers": 0,  # in this process, instead of a pool of others
    }
    model = {
        "name": "model",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {
            "uri": "./model.joblib",
            "version": "1",
            "extra": {"predict_fn": "predict_proba"},
        },
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(model | (metadata or {})))
    address = f"http://127.0.0.1:{http}"
    ready = f"{address}/v2/models/model/ready"
    with started([str(programs / "mlserver"), "start", "."], folder, ready):
        yield address


@contextmanager
def kserve(folder: Path) -> Iterator[str]:
    """KServe's Python server: TensorFlow Serving's JSON and Open Inference."""
    programs = environment("kserve", ["kserve==0.21.*", "scikit-learn"])
    (port,) = free_ports(1)
    command = [str(programs / "python"), str(SCRIPTS / "kserve_server.py"), str(port)]
    address = f"http://127.0.0.1:{port}"
    with started(command, folder, f"{address}/v2/models/model/ready"):
        yield address


@contextmanager
def seldon(folder: Path) -> Iterator[str]:
    """Seldon Core's microservice; 1.18.2 is the last release for Python 3.11."""
    # It imports pkg_resources, which setuptools 81 no longer brings.
    wanted = ["seldon-core==1.18.2", "setuptools<81", "scikit-learn"]
    programs = environment("seldon", wanted)
    (port,) = free_ports(1)
    command = [str(programs / "gunicorn"), "--bind", f"127.0.0.1:{port}"]
    command += ["--chdir", str(SCRIPTS), "seldon_server:application"]
    address = f"http://127.0.0.1:{port}"
    with started(command, folder, f"{address}/health/ping"):
        yield address


# In place of the ports in the project's own config.properties.
TORCHSERVE_PORTS = """
inference_address=http://127.0.0.1:{0}
management_address=http://127.0.0.1:{1}
metrics_address=http://127.0.0.1:{2}
grpc_inference_port={3}
grpc_management_port={4}
initial_worker_port={5}
"""


@contextmanager
def torchserve(folder: Path) -> Iterator[str]:
    """TorchServe, its last release, with the project's own handler."""
    programs = torchserve_environment()
    pack = [str(programs / "python"), str(SCRIPTS / "torchserve_archive.py")]
    run([*pack, str(TORCHSERVE / "handler.py"), str(folder)])
    with torchserve_with(folder, programs) as address:
        yield address


def torchserve_environment() -> Path:
    """Make TorchServe's environment; skip the test where Java is missing."""
    if not shutil.which("java"):
        pytest.skip("TorchServe needs Java 17")
    # It imports yaml without saying so; Pillow is the handler's.
    wanted = ["torchserve==0.12.0", "torch==2.13.0", "pyyaml", "pillow"]
    return environment("torchserve", wanted)


@contextmanager
def torchserve_with(folder: Path, programs: Path) -> Iterator[str]:
    """TorchServe of an environment, with the model.mar in a folder."""
    ports = free_ports(6)
    properties = (TORCHSERVE / "config.properties").read_text("utf-8")
    properties += TORCHSERVE_PORTS.format(*ports)
    (folder / "config.properties").write_text(properties)
    command = [str(programs / "torchserve"), "--foreground", "--no-config-snapshots"]
    command += ["--disable-token-auth", "--ts-config", "config.properties"]
    command += ["--model-store", "."]
    address = f"http://127.0.0.1:{ports[0]}"
    with started(command, folder, f"{address}/ping"):
        yield address


@contextmanager
def triton(folder: Path) -> Iterator[str]:
    """NVIDIA's Triton, on the processor: Open Inference with its binary extension."""
    # Its program links with libpython, which pyenv's and uv's Pythons do not share.
    python = Path("/usr/bin/python3")
    if not python.exists():
        pytest.skip("Triton needs the system's own Python")
    programs = environment("triton", ["nvidia-pytriton==0.7.*"], python=str(python))
    http, *others = free_ports(3)
    command = [str(programs / "python"), str(SCRIPTS / "triton_server.py"), str(folder)]
    command += [str(port) for port in (http, *others)]
    address = f"http://127.0.0.1:{http}"
    with started(command, folder, f"{address}/v2/models/model/ready"):
        yield address


Server = Callable[[Path], AbstractContextManager[str]]

SERVERS: dict[str, Server] = {
    OURS: ours,
    "kserve": kserve,
    "mlserver": mlserver,
    "seldon": seldon,
    "torchserve": torchserve,
    "triton": triton,
}
