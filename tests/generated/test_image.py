"""The image builds from a fresh render, and trains and scores a model.

It runs as it should in production: without root, with a read-only root file system,
without a network. `tools/docker_engine.sh` starts an engine where there is none.
"""

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator

import pytest

from conftest import BakedProject

pytestmark = pytest.mark.generated

# The base image's Python. An argument of the build, so it need not be the answer.
PYTHON_VERSION = "3.11"


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


@pytest.fixture(scope="module")
def image(default_project: BakedProject) -> Iterator[str]:
    """Build the image of the default project; remove it in the end."""
    if not shutil.which("docker"):
        pytest.skip("no Docker client is installed")
    system = docker("info", "--format", "{{.OSType}}", check=False)
    if system.strip() != "linux":
        pytest.skip(f"no Docker engine for Linux images answers: {system.strip()}")
    name = f"template-test-{uuid.uuid4().hex[:12]}"
    build = ["build", "--network", "host", "--tag", name]
    build += ["--build-arg", f"PYTHON_VERSION={PYTHON_VERSION}"]
    docker(*build, str(default_project.path))
    yield name
    docker("image", "rm", name)


@pytest.fixture
def run_image(image: str) -> Iterator[list[str]]:
    """Return the docker arguments that run the image, with volumes for its output."""
    prefix = f"{image}-{uuid.uuid4().hex[:6]}"
    folders = ("models", "reports", "logs")
    arguments = ["run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp"]
    for folder in folders:
        arguments += ["--volume", f"{prefix}-{folder}:/app/{folder}"]
    yield [*arguments, image]
    for folder in folders:
        docker("volume", "rm", f"{prefix}-{folder}")


def test_the_image_trains_and_evaluates(run_image: list[str]) -> None:
    """The version that one container trains, another one scores."""
    assert "models/model/1" in docker(*run_image, "train", "--epochs", "2")
    assert "test accuracy: 0." in docker(*run_image, "evaluate")


def test_the_image_says_what_it_can_do(run_image: list[str]) -> None:
    """Without a command, it prints the help."""
    printed = docker(*run_image)
    assert printed.startswith("usage: ")
    assert "train" in printed and "evaluate" in printed


def test_the_image_runs_without_root_and_holds_no_build_tools(image: str) -> None:
    """Nobody can install anything, and the packages belong to somebody else."""
    config = json.loads(docker("image", "inspect", image))[0]["Config"]
    assert config["User"] == "10001:10001"
    code = """
import importlib.util, os
assert os.getuid() == 10001
assert not [m for m in ("pip", "hatchling", "pytest") if importlib.util.find_spec(m)]
assert not os.access(os.__file__, os.W_OK) and not os.access("/opt/venv", os.W_OK)
assert all(os.access(f, os.W_OK) for f in ("data", "models", "reports", "logs"))
assert sorted(os.listdir()) == ["configs", "data", "logs", "models", "reports"]
"""
    docker(
        "run", "--rm", "--network", "none", "--entrypoint", "python", image, "-c", code
    )
