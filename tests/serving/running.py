"""Environments of their own for real servers, and processes that end with the test.

An environment is made once, of wheels from PyPI, and kept below build/servers under a
name that says what is in it; a later run starts the server at once.
"""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from filelock import FileLock

from conftest import ROOT

ENVIRONMENTS = ROOT / "build" / "servers"
# TorchServe starts Java, and Java a Python that imports PyTorch, on a busy machine.
READY_SECONDS = 120
END_SECONDS = 20


def find_uv() -> str:
    """Return the uv beside these tests, or on PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which("uv", path=path)
    if not found:
        pytest.skip("uv is not installed")
    return found


def clean_environment() -> dict[str, str]:
    """Return this process' variables without those of its own Python environment."""
    misleading = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {key: text for key, text in os.environ.items() if key not in misleading}


def environment(
    name: str,
    requirements: Sequence[str],
    file: Path | None = None,
    python: str = "3.11",
) -> Path:
    """Make an environment, unless an earlier run has.

    Args:
        name: What its folder is called.
        requirements: What to install, as pip writes it.
        file: A file with more requirements.
        python: The Python, as `uv venv` takes it.

    Returns:
        Its folder of programs.
    """
    content = file.read_text("utf-8") if file else ""
    key = repr((sorted(requirements), content, python)).encode()
    folder = ENVIRONMENTS / f"{name}-{hashlib.sha256(key).hexdigest()[:8]}"
    complete = folder / "complete"
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):  # another process of pytest-xdist waits
        if not complete.exists():
            uv, clean = find_uv(), clean_environment()
            make = [uv, "venv", "--quiet", "--clear", "--python", python, str(folder)]
            run(make, env=clean)
            install = [uv, "pip", "install", "--quiet", "--python", str(folder)]
            if "UV_FIND_LINKS" not in os.environ:
                # Without CUDA. A folder of wheels has its own build of PyTorch.
                install += ["--torch-backend", "cpu"]
            install += ["-r", str(file)] if file else []
            run([*install, *requirements], env=clean)
            complete.touch()
    return folder / "bin"


def run(command: Sequence[str], **options: object) -> str:
    """Run a command to its end and return what it printed; fail with it otherwise."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        **options,  # type: ignore[call-overload]
    )
    printed: str = done.stdout
    if done.returncode:
        pytest.fail(f"{list(command)} ended with {done.returncode}\n{printed}")
    return printed


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback that nothing listens on.

    All are open at once while they are looked for, so that they differ.
    """
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


@contextmanager
def started(
    command: Sequence[str], folder: Path, ready: str | None, log: Path | None = None
) -> Iterator[None]:
    """Run a server as long as the context lasts.

    Args:
        command: Its program and arguments.
        folder: Where it runs.
        ready: The address that answers with status 200 when it is ready; None if its
            clients wait by themselves.
        log: The file for what it prints; server.log in its folder if not given.
    """
    log = log or folder / "server.log"
    with log.open("wb") as output:
        # A session of its own: TorchServe's Java outlives the program that started it.
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=clean_environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            if ready:
                wait_until_ready(process, ready, log)
            yield
        finally:
            end(process)


def wait_until_ready(process: subprocess.Popen[bytes], ready: str, log: Path) -> None:
    """Wait until an address answers with 200; fail if the process ends before."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        # Not listening yet, or not ready yet.
        with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            with urllib.request.urlopen(ready, timeout=5) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.2)
    pytest.fail(f"{ready} does not answer\n{log.read_text(errors='replace')[-4000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started: asked first, then not asked."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        deadline = time.monotonic() + END_SECONDS
        while group_lives(process) and time.monotonic() < deadline:
            time.sleep(0.1)


def group_lives(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process or one that it started is still there."""
    process.poll()  # takes a child's exit status, or it stays in the process table
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True
