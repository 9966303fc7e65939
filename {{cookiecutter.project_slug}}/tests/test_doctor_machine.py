"""The doctor on disk, memory, port, Docker and GPU."""

import importlib.util
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from {{ cookiecutter.package_name }}.config import ENV_PREFIX
from {{ cookiecutter.package_name }}.doctor import machine

from patient import memory, only, usage


@pytest.mark.parametrize(
    ("gigabytes", "status"), [(9, "ok"), (2.9, "warning"), (0.09, "broken")]
)
def test_little_room_on_the_disk_is_told(
    patient: Path, monkeypatch: pytest.MonkeyPatch, gigabytes: float, status: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", usage(gigabytes * machine.GIGABYTE))
    finding = only(machine.check_disk())
    assert (finding.status, bool(finding.mend)) == (status, status != "ok")


@pytest.mark.parametrize(
    ("kilobytes", "limit", "status", "told"),
    [
        (8_000_000, "max", "ok", "8.2 GB"),
        (100_000, "max", "warning", "0.1 GB"),
        (8_000_000, "500001000", "warning", "0.5 GB"),
        (8_000_000, "999", "warning", "0.0 GB"),
        (None, "2000001000", "ok", "2.0 GB"),
        (None, "max", "ok", "not measured"),
    ],
)
def test_little_memory_is_told_also_that_of_a_container(
    patient: Path,
    monkeypatch: pytest.MonkeyPatch,
    kilobytes: int | None,
    limit: str,
    status: str,
    told: str,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    memory(patient, monkeypatch, kilobytes, limit)
    finding = only(machine.check_memory())
    assert (finding.status, told in finding.found) == (status, True)


def test_where_linux_does_not_tell_of_memory_psutil_does(
    patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    psutil = ModuleType("psutil")
    vars(psutil)["virtual_memory"] = lambda: SimpleNamespace(available=3e9)
    monkeypatch.setitem(sys.modules, "psutil", psutil)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "psutil")
    memory(patient, monkeypatch, None)
    assert "3.0 GB" in only(machine.check_memory()).found


def test_a_port_in_use_is_a_warning(
    patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        monkeypatch.setenv(f"{ENV_PREFIX}PORT", port)
        finding = only(machine.check_port())
    assert (finding.status, f":{port}" in finding.found) == ("warning", True)
    assert "serve --port 0" in finding.mend
    assert only(machine.check_port()).status == "ok"


def test_settings_that_serve_would_refuse_are_broken(
    patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{ENV_PREFIX}PORT", "70000")
    finding = only(machine.check_port())
    assert finding.status == "broken" and "70000" in finding.found
    assert "configs/serve.yaml" in finding.mend


def answering(status: int, error: str = "") -> Callable[..., Any]:
    """Return a `subprocess.run` of a program that answers so."""
    return lambda command, **options: subprocess.CompletedProcess(
        command, status, stdout="", stderr=error
    )


def silent(command: list[str], **options: Any) -> None:
    """Take the place of `subprocess.run` for a program that never answers."""
    raise subprocess.TimeoutExpired(command, options["timeout"])


@pytest.mark.parametrize(
    ("run", "status", "told"),
    [
        (answering(0), "ok", "the engine answers"),
        (answering(1, "Client: 29\nCannot connect"), "warning", "Cannot connect"),
        (silent, "warning", "silent for 20 seconds"),
    ],
    ids=["well", "stopped", "silent"],
)
def test_dockers_engine_is_asked(
    patient: Path,
    monkeypatch: pytest.MonkeyPatch,
    run: Callable[..., Any],
    status: str,
    told: str,
) -> None:
    monkeypatch.setattr(machine, "IMAGES", "docker")
    monkeypatch.setattr(shutil, "which", lambda program: program)
    monkeypatch.setattr(subprocess, "run", run)
    finding = only(machine.check_docker())
    assert (finding.status, told in finding.found) == (status, True)
    assert bool(finding.mend) == (status != "ok")


def test_docker_is_missed_only_where_there_are_images_to_build(
    patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(machine.check_docker()) == []
    monkeypatch.setattr(machine, "IMAGES", "docker")
    assert "no docker on PATH" in only(machine.check_docker()).found


@pytest.mark.parametrize(
    ("driver", "framework", "status", "told"),
    [
        ("GPU 0: NVIDIA T4 (UUID: GPU-1)\n", "noise\n1\n", "ok", "1: GPU 0: NVIDIA T4"),
        ("GPU 0: NVIDIA T4 (UUID: GPU-1)\n", "0\n", "warning", "has 1, torch says 0"),
        ("Driver/library version mismatch\n", "", "warning", "version mismatch"),
        ("", "", "warning", "nvidia-smi says: nothing"),
    ],
    ids=["seen", "unseen", "broken-driver", "silent-driver"],
)
def test_a_framework_is_asked_for_the_gpus_that_the_driver_has(
    monkeypatch: pytest.MonkeyPatch,
    driver: str,
    framework: str,
    status: str,
    told: str,
) -> None:
    def output_of(*command: str) -> str:
        return driver if command[0] == "nvidia-smi" else framework

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "torch")
    monkeypatch.setattr(shutil, "which", lambda program: program)
    monkeypatch.setattr(machine, "output_of", output_of)
    finding = only(machine.check_gpu())
    assert (finding.status, told in finding.found) == (status, True)
    assert bool(finding.mend) == (status != "ok")


@pytest.mark.parametrize(
    ("installed", "told"),
    [("tensorflow", "no NVIDIA driver here; tensorflow"), (None, "none needed")],
)
def test_where_no_gpu_is_nothing_is_imported_to_ask(
    patient: Path, monkeypatch: pytest.MonkeyPatch, installed: str | None, told: str
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == installed)
    monkeypatch.setattr(machine, "output_of", silent)
    assert told in only(machine.check_gpu()).found


def test_a_programs_last_line_is_its_output() -> None:
    code = "import sys; print(2); print('a warning', file=sys.stderr)"
    assert machine.output_of(sys.executable, "-c", code).split("\n")[-2] == "2"
