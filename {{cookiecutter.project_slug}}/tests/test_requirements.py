"""requirements/*.txt belong to this pyproject.toml, and name no package index."""

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import requirements  # noqa: E402


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what is compared, to be changed."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def test_the_files_are_up_to_date() -> None:
    assert requirements.stale_files(ROOT) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"numpy>=2.1,<3"', '"numpy>=2.2,<3"'),
        ('"pytest-cov>=6,<8"', '"pytest-cov>=6,<9"'),
        (">=3.11,<3.14", ">=3.12,<3.14"),
    ],
)
def test_a_changed_range_makes_them_stale(old: str, new: str, copy: Path) -> None:
    file = copy / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    assert "dev.txt was compiled from another pyproject.toml" in (
        requirements.stale_files(copy)
    )


def test_a_missing_or_unknown_file_is_named(copy: Path) -> None:
    (copy / "requirements/ml.txt").rename(copy / "requirements/mo.txt")
    assert requirements.stale_files(copy) == [
        "ml.txt is missing",
        "mo.txt belongs to no dependency group",
    ]


@pytest.mark.parametrize(
    "name", sorted(path.name for path in requirements.FOLDER.glob("*.txt"))
)
def test_every_version_is_pinned_with_a_hash_and_no_host_is_named(name: str) -> None:
    text = (requirements.FOLDER / name).read_text(encoding="utf-8")
    assert "://" not in text
    pinned = [line for line in text.splitlines() if line[:1].isalnum()]
    assert pinned and all("==" in line and line.endswith("\\") for line in pinned)
    assert text.count("--hash=sha256:") >= len(pinned)


def test_only_groups_that_exist_are_compiled() -> None:
    with pytest.raises(SystemExit, match="no dependency group mll; there are audit"):
        requirements.compile_files(["mll", "dev"], upgrade=False)
