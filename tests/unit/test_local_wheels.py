"""A folder of wheels that holds another build of a library than PyPI does."""

from pathlib import Path

import pytest

from tools.local_wheels import other_builds, prefer

WHEELS = (
    "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl",
    "numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl",
    "not_needed-1.0+cpu-py3-none-any.whl",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of wheels, by their names."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in WHEELS:
        (folder / name).touch()
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What is looked at of a project."""
    project = tmp_path / "project"
    (project / "requirements").mkdir(parents=True)
    pins = "numpy==2.4.6 \\\npytorch==1.0 \\\ntorch==2.13.0 \\\n"
    (project / "requirements" / "train.txt").write_text(pins)
    (project / ".python-version").write_text("3.12\n")
    return project


def test_other_builds_of_what_the_project_installs_are_preferred(
    folder: Path, project: Path
) -> None:
    assert other_builds(folder, project) == {"torch==2.13.0+cpu": "cp311"}


def test_a_wheel_for_another_python_is_named_with_the_way_out(
    folder: Path, project: Path
) -> None:
    with pytest.raises(SystemExit, match=r"2\.13\.0\+cpu .*python_version=3\.11"):
        prefer(folder, project)


def test_a_project_that_needs_none_of_them_is_left_alone(
    folder: Path, project: Path
) -> None:
    file = project / "requirements" / "train.txt"
    file.write_text("numpy==2.4.6 \\\n")
    prefer(folder, project)  # compiling would fail: there is no pyproject.toml
    assert file.read_text() == "numpy==2.4.6 \\\n"
