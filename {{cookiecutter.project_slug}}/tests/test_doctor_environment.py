"""The doctor on Python, packages and requirements."""

import sys
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }}.doctor import environment
from {{ cookiecutter.package_name }}.doctor.finding import SET_UP

from patient import only, pin


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
