"""The doctor: what it prints, how it ends, and where it can run at all."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }}.doctor.command import examine
from {{ cookiecutter.package_name }}.doctor.finding import SET_UP
from {{ cookiecutter.package_name }}.doctor.settings import DoctorSettings
from {{ cookiecutter.package_name }}.main import main

from patient import DEV, pin

# Runs the doctor where nothing is installed but what the command line itself needs.
BARE = """
import sys
for name in ("numpy", "scipy", "onnxruntime", "packaging", "psutil"):
    sys.modules[name] = None
from {{ cookiecutter.package_name }}.main import main
sys.exit(main(["doctor", "--as-json"]))
"""


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
