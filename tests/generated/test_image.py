"""The images build from a fresh render: one trains a model, the other one serves it.

They run as they should in production: without root, with a read-only root file system,
without a network. `tools/docker_engine.sh` starts an engine where there is none.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from conftest import BakedProject

pytestmark = pytest.mark.generated

# The base image's Python. An argument of the build, so it need not be the answer.
PYTHON_VERSION = "3.11"
BASE = f"python:{PYTHON_VERSION}-slim-bookworm"
# What the serving image may add to its base.
MAX_ADDED_BYTES = 350_000_000
HEALTHY_WITHIN_S = 90
# No network: what is asked comes from inside, over the loopback device.
ASK = """
import json, sys, urllib.request
path, body = sys.argv[1:]
request = urllib.request.Request(f"http://127.0.0.1:8000{path}", body.encode() or None)
request.add_header("content-type", "application/json")
with urllib.request.urlopen(request, timeout=10) as answer:
    print(answer.read().decode())
"""


def docker(*arguments: str, check: bool = True) -> str:
    """Run a docker command and return what it printed, both streams together."""
    environment = dict(os.environ)
    if subprocess.run(["docker", "buildx", "version"], capture_output=True).returncode:
        environment["DOCKER_BUILDKIT"] = "0"  # the classic builder is all there is
    done = subprocess.run(
        ["docker", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=environment,
    )
    if check and done.returncode:
        pytest.fail(f"docker {arguments} ended with {done.returncode}\n{done.stdout}")
    return done.stdout


def inspect(image: str) -> dict[str, Any]:
    """Return what Docker knows of an image."""
    (known,) = json.loads(docker("image", "inspect", image))
    assert isinstance(known, dict)
    return known


@pytest.fixture(scope="module")
def images(default_project: BakedProject) -> Iterator[dict[str, str]]:
    """Build both images of the default project; remove them in the end."""
    if not shutil.which("docker"):
        pytest.skip("no Docker client is installed")
    system = docker("info", "--format", "{{.OSType}}", check=False)
    if system.strip() != "linux":
        pytest.skip(f"no Docker engine for Linux images answers: {system.strip()}")
    name = f"template-test-{uuid.uuid4().hex[:12]}"
    names = {"serve": name, "train": f"{name}:train"}
    build = ["build", "--network", "host", str(default_project.path)]
    build += ["--build-arg", f"PYTHON_VERSION={PYTHON_VERSION}"]
    build += ["--build-arg", "REVISION=0123abc"]
    docker(*build, "--tag", names["train"], "--target", "train")
    docker(*build, "--tag", names["serve"])  # the default
    yield names
    docker("image", "rm", *names.values())


@pytest.fixture(scope="module")
def volumes(images: dict[str, str]) -> Iterator[list[str]]:
    """Return the docker arguments for volumes that containers share."""
    prefix = f"{images['serve']}-volume"
    folders = ("models", "reports", "logs")
    arguments = []
    for folder in folders:
        arguments += ["--volume", f"{prefix}-{folder}:/app/{folder}"]
    yield arguments
    for folder in folders:
        docker("volume", "rm", f"{prefix}-{folder}")


RUN = ["run", "--network", "none", "--read-only", "--tmpfs", "/tmp"]


def run(image: str, *arguments: str, volumes: list[str]) -> str:
    """Run a command in a container and return what it printed."""
    return docker(*RUN, "--rm", *volumes, image, *arguments)


@pytest.fixture(scope="module")
def trained(images: dict[str, str], volumes: list[str]) -> str:
    """Train, score and export a version; return what was printed."""
    train = images["train"]
    printed = run(train, "train", "--epochs", "2", volumes=volumes)
    printed += run(train, "evaluate", volumes=volumes)
    into = ("--into", "/tmp/exports")  # a container writes to its volumes and there
    return printed + run(train, "export", *into, volumes=volumes)


@pytest.fixture(scope="module")
def server(images: dict[str, str], volumes: list[str], trained: str) -> Iterator[str]:
    """Start the server on the trained version; return the container's name."""
    models = [part.replace("/app/models", "/app/models:ro") for part in volumes[:2]]
    yield from started(images["serve"], *models)


def started(image: str, *options: str) -> Iterator[str]:
    """Start a container, wait until Docker calls it healthy, stop it in the end."""
    name = f"{image.partition(':')[0]}-{uuid.uuid4().hex[:6]}"
    docker(*RUN, "--detach", "--name", name, *options, image)
    try:
        deadline = time.monotonic() + HEALTHY_WITHIN_S
        while (health := state(name)["Health"]["Status"]) != "healthy":
            running = state(name)["Running"]
            if not running or health == "unhealthy" or time.monotonic() > deadline:
                pytest.fail(f"{state(name)}\n{docker('logs', name)}")
            time.sleep(0.5)
        yield name
        docker("stop", name)
        assert state(name)["ExitCode"] == 0, docker("logs", name)
    finally:
        docker("rm", "--force", name)


def state(container: str) -> dict[str, Any]:
    """Return the state of a container."""
    found = json.loads(docker("inspect", "--format", "{{json .State}}", container))
    assert isinstance(found, dict)
    return found


def ask(container: str, path: str, body: object = None) -> str:
    """Send a request from inside a container and return the answer's body."""
    text = json.dumps(body) if body is not None else ""
    return docker("exec", container, "python", "-c", ASK, path, text)


@pytest.mark.parametrize("name", ["HANDWRITTEN_DIGITS_PORT", "PORT"])
def test_the_health_check_hears_which_port_it_is(
    name: str, default_project: BakedProject
) -> None:
    """Of a server that is well, of one that is not, and of none."""
    statuses = [200, 503]

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses.pop(0) if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    file = default_project.read("Dockerfile").replace("\\\n", "")
    (check,) = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", file, re.MULTILINE)
    program, *arguments = json.loads(check)
    assert program == "python"
    found = []
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        environment = {name: str(server.server_port)}
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        for _ in range(2):
            done = subprocess.run([sys.executable, *arguments], env=environment)
            found.append(done.returncode)
        server.shutdown()
    gone = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True
    )
    assert [*found, gone.returncode] == [0, 1, 1]


def test_the_image_trains_and_evaluates(trained: str) -> None:
    """What one container trains, another one scores, and a third one exports."""
    assert "models/model/1" in trained
    assert "test accuracy: 0." in trained


def test_the_server_turns_healthy_and_predicts(server: str) -> None:
    """With nothing but the version that another image has trained."""
    images = [[[0.0] * 8] * 8, [[16.0] * 8] * 8]
    answer = ask(server, "/v1/models/model:predict", {"instances": images})
    predictions = json.loads(answer)["predictions"]
    assert len(predictions) == 2
    assert all(abs(sum(row) - 1) < 1e-4 and len(row) == 10 for row in predictions)
    assert json.loads(ask(server, "/readyz"))["version"] == 1
    assert "# HELP" in ask(server, "/metrics")


def test_the_image_with_a_model_in_it_needs_no_volume(
    images: dict[str, str],
    volumes: list[str],
    trained: str,
    default_project: BakedProject,
    tmp_path: Any,
) -> None:
    """The version is copied out of the volume, as it would lie on a disk."""
    holder = docker("create", *volumes, images["serve"]).strip()
    docker("cp", f"{holder}:/app/models/model", str(tmp_path))
    docker("rm", holder)
    name = images["serve"].partition(":")[0] + ":model-1"
    file = default_project.path / "deploy/with_model.Dockerfile"
    build = ["build", "--file", str(file), "--tag", name, str(tmp_path / "model")]
    docker(
        *build, "--build-arg", f"IMAGE={images['serve']}", "--build-arg", "VERSION=1"
    )
    try:
        for container in started(name):
            assert json.loads(ask(container, "/readyz"))["version"] == 1
    finally:
        docker("image", "rm", name)


def test_the_images_say_what_they_can_do(images: dict[str, str]) -> None:
    """The training image does so by default."""
    printed = run(images["train"], volumes=[])
    assert printed.startswith("usage: ")
    assert "train" in printed and "serve" in printed
    assert "--port" in run(images["serve"], "serve", "--help", volumes=[])


def test_any_user_of_group_0_trains_and_serves(
    images: dict[str, str], volumes: list[str], trained: str
) -> None:
    """As OpenShift assigns one, who has no name and no home folder."""
    user = ("--user", "1000700000:0")
    train = ("run", "--rm", "--network", "none", *user, images["train"], "train")
    assert "models/model/1" in docker(*train, "--epochs", "1")
    for container in started(images["serve"], *user, *volumes[:2]):
        assert json.loads(ask(container, "/readyz"))["version"] == 1


@pytest.mark.parametrize("name", ["serve", "train"])
def test_the_images_run_without_root_and_hold_no_build_tools(
    images: dict[str, str], name: str
) -> None:
    """Nobody can install anything, and the packages belong to somebody else."""
    assert inspect(images[name])["Config"]["User"] == "10001:10001"
    code = """
import importlib.util, os, shutil, subprocess
assert os.getuid() == 10001
assert not [m for m in ("pip", "hatchling", "pytest") if importlib.util.find_spec(m)]
assert not [p for p in ("pip", "pip3", "gcc", "cc", "make") if shutil.which(p)]
base = os.path.realpath("/opt/venv/bin/python")
assert subprocess.run([base, "-c", "import pip"], capture_output=True).returncode == 1
assert not os.access(os.__file__, os.W_OK) and not os.access("/opt/venv", os.W_OK)
assert all(os.access(f, os.W_OK) for f in ("data", "models", "reports", "logs"))
assert sorted(os.listdir()) == ["configs", "data", "logs", "models", "reports"]
"""
    run_code = ["run", "--rm", "--network", "none", "--entrypoint", "python"]
    docker(*run_code, images[name], "-c", code)


def test_the_serving_image_is_small_and_holds_no_training_framework(
    images: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    added = inspect(images["serve"])["Size"] - inspect(BASE)["Size"]
    with capsys.disabled():
        print(f"\nthe serving image: {added / 1e6:.0f} MB over {BASE}")
    assert 0 < added <= MAX_ADDED_BYTES
    code = """
import importlib.util
names = ("tensorflow", "keras", "torch", "jax", "sklearn", "pandas", "scipy")
assert not [name for name in names if importlib.util.find_spec(name)]
"""
    docker(*RUN, "--rm", "--entrypoint", "python", images["serve"], "-c", code)


def test_the_image_says_where_it_comes_from(
    images: dict[str, str], default_project: BakedProject
) -> None:
    """By the names of the Open Container Initiative."""
    prefix = "org.opencontainers.image."
    labels = inspect(images["serve"])["Config"]["Labels"]
    assert labels[f"{prefix}title"] == default_project.path.name
    assert labels[f"{prefix}licenses"] == "MIT"
    assert labels[f"{prefix}revision"] == "0123abc"
