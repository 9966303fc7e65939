"""The doctor: everything that can be wrong, and that it names what mends it."""

import importlib.util
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from {{ cookiecutter.package_name }} import aliases
from {{ cookiecutter.package_name }}.config import ENV_PREFIX
from {{ cookiecutter.package_name }}.doctor import environment, machine, origin
from {{ cookiecutter.package_name }}.doctor.command import examine
from {{ cookiecutter.package_name }}.doctor.finding import SET_UP, Finding
from {{ cookiecutter.package_name }}.doctor.settings import DoctorSettings
from {{ cookiecutter.package_name }}.main import main

ROOT = Path(__file__).parents[1]
DEV = Path("requirements/dev.txt")
# Runs the doctor where nothing is installed but what the command line itself needs.
BARE = """
import sys
for name in ("numpy", "scipy", "onnxruntime", "packaging", "psutil"):
    sys.modules[name] = None
from {{ cookiecutter.package_name }}.main import main
sys.exit(main(["doctor", "--as-json"]))
"""


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


def test_what_is_well_is_said_and_ends_with_0(
    patient: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {"ok"}
    assert last == "broken: 0, warnings: 0"


def test_what_is_broken_ends_with_1_and_is_one_json_object(
    patient: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pin("no-such-package==1.0")
    assert main(["doctor", "--as-json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["broken"], said["warnings"]) == (1, 0)
    (broken,) = [found for found in said["findings"] if found["status"] != "ok"]
    assert broken == {
        "subject": "environment",
        "status": "broken",
        "found": "1 packages are missing: no-such-package",
        "mend": SET_UP,
    }


def test_a_warning_is_shown_with_its_remedy_and_ends_with_0(
    patient: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pin("pydantic==0.1")
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "\nwarning  environment   1 packages are not the tested ones: pyd" in said
    assert f"\n{'':23}-> {SET_UP}\n" in said


def test_a_check_that_fails_keeps_no_other_from_its_word(patient: Path) -> None:
    DEV.unlink()
    found = {finding.subject: finding for finding in examine(DoctorSettings())}
    assert found["environment"].status == "broken"
    assert "FileNotFoundError" in found["environment"].found
    assert len(found) == 9  # all but Docker, which no image asks for


def test_it_runs_where_hardly_anything_is_installed(patient: Path) -> None:
    pin("no-such-package==1.0")
    done = subprocess.run([sys.executable, "-c", BARE], capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    found = {item["subject"]: item for item in json.loads(done.stdout)["findings"]}
    assert len(found.keys() - {"Docker"}) == 9
    assert [key for key in found if found[key]["status"] == "broken"] == ["environment"]


def test_elsewhere_than_in_a_project_it_says_so(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 2
    assert "run this in the project's folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("bounds", "status"),
    [
        (">=3.11,<3.14", "ok"),
        (">=3.11", "ok"),
        (">=3.99,<4.0", "broken"),
        (">=3.1,<3.2", "broken"),
    ],
)
def test_python_is_held_against_its_bounds(
    patient: Path, bounds: str, status: str
) -> None:
    text = f'[project]\nrequires-python = "{bounds}"\n'
    (patient / "pyproject.toml").write_text(text, "utf-8")
    finding = only(environment.check_python())
    assert (finding.status, bounds in finding.found) == (status, True)
    assert finding.mend == (SET_UP if status == "broken" else "")


def test_only_what_this_machine_needs_is_looked_for(patient: Path) -> None:
    pin(
        "no-such-package==1.0 ; sys_platform == 'plan9' \\",
        "    --hash=sha256:00",
        "nor-this-one==1.0 ; python_version >= '3' \\",
    )
    assert environment.pins() == {"nor-this-one": "1.0"}


def test_without_packaging_what_has_conditions_is_not_looked_for(
    patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "packaging", None)
    pin("a==1", "b==1 ; python_version >= '3'")
    assert environment.pins() == {"a": "1"}
    assert environment.fits("1", "1") and not environment.fits("1.0", "1")


@pytest.mark.parametrize(
    ("installed", "fits"),
    [("2.9.0", True), ("2.9.0+cpu", True), ("2.09", True), ("2.9.1", False)],
)
def test_a_version_may_be_a_build_of_the_pinned_one(installed: str, fits: bool) -> None:
    assert environment.fits(installed, "2.9.0") == fits


def test_a_package_that_was_half_installed_is_missing(
    patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (patient / "halved-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(patient)
    pin("halved==1.0")
    assert "halved" in only(environment.check_installed()).found


def test_of_many_packages_some_are_named(patient: Path) -> None:
    pin(*(f"no-such-package-{number}==1" for number in range(7)))
    found = only(environment.check_installed()).found
    assert found.startswith("7 packages are missing: no-such-package-0, ")
    assert found.endswith("no-such-package-4 and 2 more")


def test_stale_requirements_are_named(patient: Path) -> None:
    (patient / "requirements/serve.txt").write_text("# stale\n", "utf-8")
    (patient / "requirements/other.txt").touch()
    finding = only(environment.check_requirements())
    assert (finding.status, finding.mend) == ("broken", "poe lock")
    assert "serve.txt was compiled from another pyproject.toml" in finding.found
    assert "other.txt belongs to no dependency group" in finding.found


def test_a_script_that_fails_is_quoted(patient: Path) -> None:
    environment.SCRIPT.write_text("raise ValueError('no group')", "utf-8")
    finding = only(environment.check_requirements())
    assert finding.found == "ValueError: no group"


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


def test_a_damaged_version_is_named(
    patient: Path, save: Callable[[bool], Path]
) -> None:
    whole, changed, unread = save(True), save(True), save(False)
    assert only(origin.check_models(DoctorSettings())).found.startswith("3 in ")
    aliases.promote(whole.parent, 2)
    (changed / "model.bin").write_bytes(b"other weights")
    (changed / "added.bin").touch()
    (unread / "manifest.json").write_text("{", "utf-8")
    second, third = origin.check_models(DoctorSettings())
    assert {second.status, third.status} == {"broken"}
    assert "model.bin was changed" in second.found and "added.bin" in second.found
    assert second.mend.startswith("poe registry rollback; then bring ")
    assert "manifest.json is damaged" in third.found
    assert third.mend.startswith("bring ")


def test_a_damaged_list_of_promotions_is_named(
    patient: Path, save: Callable[[bool], Path]
) -> None:
    folder = save(True)
    (folder.parent / "aliases.json").write_text("{", "utf-8")
    damaged, models = origin.check_models(DoctorSettings())
    assert (damaged.status, models.status) == ("broken", "ok")
    assert "registry promote" in damaged.mend


def test_the_templates_version_is_told(patient: Path) -> None:
    finding = only(origin.check_template(DoctorSettings()))
    answers = json.loads(origin.ANSWERS.read_text("utf-8"))
    assert f"version {answers['_template_version']};" in finding.found
    assert finding.mend == ""
    finding = only(origin.check_template(DoctorSettings(check_template=True)))
    assert "cruft link" in finding.mend
    origin.ANSWERS.unlink()
    assert only(origin.check_template(DoctorSettings())).status == "warning"


def test_a_newer_commit_of_the_template_is_told_to_who_asks(
    patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = patient / "template"
    git = ["git", "-C", str(template), "-c", "user.name=A", "-c", "user.email=a@b.c"]
    subprocess.run(["git", "init", "-q", str(template)], check=True)

    def commit() -> None:
        command = [*git, "commit", "-q", "--allow-empty", "-m", "A release"]
        subprocess.run(command, check=True)
        state["commit"] = origin.newest_commit(str(template))

    state = {"template": str(template), "commit": ""}
    commit()
    origin.STATE.write_text(json.dumps(state), "utf-8")
    asked = DoctorSettings(check_template=True)
    assert only(origin.check_template(asked)).status == "ok"
    commit()
    finding = only(origin.check_template(asked))
    assert (finding.status, finding.mend) == ("warning", origin.UPDATE)
    assert state["commit"][:12] in finding.found
    assert only(origin.check_template(DoctorSettings())).status == "ok"


def test_a_template_that_does_not_answer_is_named(patient: Path) -> None:
    with pytest.raises(OSError, match="git ls-remote nowhere: "):
        origin.newest_commit("nowhere")
