"""The machine: room on disk and in memory, the server's port, Docker, the GPU."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module, util
from pathlib import Path

from ..config import ConfigError, load_settings
from ..serving.listening import listen
from ..serving.settings import ServeSettings
from .finding import Finding

GIGABYTE = 1_000_000_000
# An environment takes two to three gigabytes; below a tenth of one, not even logs fit.
DISK_WARNING, DISK_BROKEN = 3 * GIGABYTE, GIGABYTE // 10
# What a training of the data sets that come with the project takes at most.
MEMORY_WARNING = GIGABYTE
MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")  # version 2; inside a container, the container's own
IMAGES = "{{ 'none' if cookiecutter.deploy_target == 'none' else 'docker' }}"  # what the project has images for; or "none"
DOCKER_SECONDS, GPU_SECONDS = 20, 120
# How to ask a framework for its number of GPUs, and what to do if it sees none.
FRAMEWORKS = {
    "torch": (
        "import torch; print(torch.cuda.device_count())",
        "install a build of PyTorch with CUDA: see torch-backend in pyproject.toml",
    ),
    "tensorflow": (
        "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))",
        "in pyproject.toml: tensorflow[and-cuda], not tensorflow-cpu; then poe lock",
    ),
}


def check_disk() -> Iterator[Finding]:
    """Look for room where the project is."""
    free = shutil.disk_usage(".").free
    found = f"{free / GIGABYTE:.1f} GB are free here"
    mend = "make room: du -sh .venv data models reports logs"
    if free < DISK_BROKEN:
        yield Finding("disk", "broken", found, mend)
    elif free < DISK_WARNING:
        yield Finding("disk", "warning", found, mend)
    else:
        yield Finding("disk", "ok", found)


def check_memory() -> Iterator[Finding]:
    """Look for room in memory."""
    free = available_memory()
    if free is None:
        found = "not measured: neither /proc nor the package psutil is there"
        yield Finding("memory", "ok", found)
        return
    found = f"{free / GIGABYTE:.1f} GB are available"
    if free < MEMORY_WARNING:
        mend = "end other programs (ps aux), or raise the limit of the container"
        yield Finding("memory", "warning", found, mend)
    else:
        yield Finding("memory", "ok", found)


def available_memory() -> int | None:
    """Return the bytes that another program can have; None if nothing tells.

    In a container with a limit, that is what is left of it.
    """
    known = []
    if MEMINFO.exists():
        available = re.search(r"^MemAvailable:\s+(\d+) kB", MEMINFO.read_text(), re.M)
        known += [int(available[1]) * 1024] if available else []
    elif util.find_spec("psutil"):
        known.append(int(import_module("psutil").virtual_memory().available))
    limit, used = CGROUP / "memory.max", CGROUP / "memory.current"
    if limit.exists() and limit.read_text().strip() != "max":
        known.append(max(0, int(limit.read_text()) - int(used.read_text())))
    return min(known, default=None)


def check_port() -> Iterator[Finding]:
    """Try to listen where `serve` would."""
    try:
        settings = load_settings(ServeSettings, [], "serve")
    except ConfigError as error:
        mend = "correct configs/serve.yaml, or the environment"
        yield Finding("port", "broken", str(error), mend)
        return
    place = f"{settings.host}:{settings.port}"
    try:
        listen(settings.host, settings.port).close()
    except OSError as error:
        found = f"serve cannot listen on {place}: {error.strerror}"
        yield Finding("port", "warning", found, "poe serve --port 0 takes a free one")
    else:
        yield Finding("port", "ok", f"{place} is free for serve")


def check_docker() -> Iterator[Finding]:
    """Ask for Docker and its engine, if the project has images to build."""
    if IMAGES == "none":
        return
    if shutil.which("docker") is None:
        found = "no docker on PATH; images can be built elsewhere"
        mend = "install it: https://docs.docker.com/get-started/get-docker/"
        yield Finding("Docker", "warning", found, mend)
        return
    try:
        done = subprocess.run(
            ["docker", "version"],
            capture_output=True,
            text=True,
            timeout=DOCKER_SECONDS,
        )
        said = done.stderr.strip().splitlines()[-1:] if done.returncode else []
        answers = done.returncode == 0
    except subprocess.TimeoutExpired:
        said, answers = [f"silent for {DOCKER_SECONDS} seconds"], False
    if answers:
        yield Finding("Docker", "ok", "the engine answers")
    else:
        found = " ".join(["its engine does not answer:", *said])
        mend = "sudo systemctl start docker, or start Docker Desktop"
        yield Finding("Docker", "warning", found, mend)


def check_gpu() -> Iterator[Finding]:
    """Ask the driver for GPUs and, only if it has some, the framework."""
    installed = [name for name in FRAMEWORKS if util.find_spec(name)]
    if not installed:
        yield Finding("GPU", "ok", "none needed: no installed framework uses one")
        return
    if shutil.which("nvidia-smi") is None:
        found = f"no NVIDIA driver here; {installed[0]} uses the processor"
        yield Finding("GPU", "ok", found)
        return
    driver = output_of("nvidia-smi", "-L")
    there = [line for line in driver.splitlines() if line.startswith("GPU ")]
    if not there:
        last = driver.strip().splitlines()[-1:] or ["nothing"]
        yield Finding("GPU", "warning", f"nvidia-smi says: {last[0]}", "nvidia-smi")
        return
    for name in installed:
        code, mend = FRAMEWORKS[name]
        # In a process of its own: importing a framework here would be for good.
        seen = output_of(sys.executable, "-c", code).strip().splitlines()[-1:]
        if seen == [str(len(there))]:
            found = f"{name} sees {len(there)}: {there[0].partition(' (UUID')[0]}"
            yield Finding("GPU", "ok", found)
        else:
            found = f"the driver has {len(there)}, {name} says {' '.join(seen)}"
            yield Finding("GPU", "warning", found, mend)


def output_of(*command: str) -> str:
    """Return what a command prints, its errors first, whatever its status."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=GPU_SECONDS, check=False
    )
    return done.stderr + done.stdout
