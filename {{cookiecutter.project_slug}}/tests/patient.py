"""A project that the doctor has nothing to say against, and what can ail it."""

import shutil
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from {{ cookiecutter.package_name }}.config import ENV_PREFIX
from {{ cookiecutter.package_name }}.doctor import environment, machine
from {{ cookiecutter.package_name }}.doctor.finding import Finding

ROOT = Path(__file__).parents[1]
DEV = Path("requirements/dev.txt")


@pytest.fixture(name="patient")
def make_patient(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the project's folder, everything well in it, as the working folder."""
    for name in ("pyproject.toml", ".cookiecutter.json"):
        shutil.copy(ROOT / name, project)
    for name in ("requirements", "scripts"):
        shutil.copytree(ROOT / name, project / name)
    pin("pydantic==" + metadata.version("pydantic"))
    monkeypatch.setattr(environment, "FILES", str(DEV))
    monkeypatch.setenv(f"{ENV_PREFIX}PORT", "0")
    monkeypatch.setattr(machine, "IMAGES", "none")
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setattr(shutil, "disk_usage", usage(10 * machine.GIGABYTE))
    memory(project, monkeypatch, kilobytes=8_000_000)
    return project


def pin(*lines: str) -> None:
    """Replace the requirements that set-up installs, but not what they were made of."""
    stamp = (ROOT / DEV).read_text("utf-8").partition("\n")[0]
    DEV.write_text("\n".join([stamp, *lines, ""]), "utf-8")


def usage(free: float) -> Callable[[str], SimpleNamespace]:
    """Return a `shutil.disk_usage` of a disk."""
    return lambda folder: SimpleNamespace(free=int(free))


def memory(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    kilobytes: int | None,
    limit: str = "max",
) -> None:
    """Replace what Linux tells of memory; no kilobytes: not a word."""
    file = folder / "meminfo"
    file.write_text(f"MemTotal: 1 kB\nMemAvailable:   {kilobytes} kB\n", "utf-8")
    (folder / "memory.max").write_text(f"{limit}\n", "utf-8")
    (folder / "memory.current").write_text("1000\n", "utf-8")
    missing = folder / "missing"
    monkeypatch.setattr(machine, "MEMINFO", missing if kilobytes is None else file)
    monkeypatch.setattr(machine, "CGROUP", folder)


def only(found: Iterator[Finding]) -> Finding:
    """Return the finding of a check that has one."""
    (finding,) = found
    return finding
