"""What pyproject.toml asks for is what requirements/ installs."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
GROUPS = PYPROJECT["dependency-groups"]
# What is installed alone, without the rest of the project, has its dependencies too.
ALONE = {"train", "serve"}


def wanted(group: str) -> Iterator[Requirement]:
    """Yield what a group asks for, with the groups that it includes."""
    for entry in GROUPS[group]:
        if isinstance(entry, str):
            yield Requirement(entry)
        else:
            yield from wanted(entry["include-group"])


def pins(group: str) -> dict[str, list[str]]:
    """Return the versions of each package in requirements/<group>.txt."""
    text = (ROOT / "requirements" / f"{group}.txt").read_text("utf-8")
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"(?m)^([\w.-]+)(?:\[.*?\])?==(\S+)", text):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def is_pinned(requirement: Requirement, versions: dict[str, list[str]]) -> bool:
    """Whether one of the versions of a package is in its range."""
    found = versions.get(canonicalize_name(requirement.name), [])
    return any(requirement.specifier.contains(version) for version in found)


@pytest.mark.parametrize("group", sorted(GROUPS.keys() - {"dev"}))
def test_a_group_is_pinned_within_its_ranges(group: str) -> None:
    asked = list(wanted(group))
    if group in ALONE:
        asked += map(Requirement, PYPROJECT["project"]["dependencies"])
    versions = pins(group)
    stale = [str(one) for one in asked if not is_pinned(one, versions)]
    assert not stale, f"requirements/{group}.txt lacks {stale}; run `poe lock`"


def test_everything_is_installed_for_development() -> None:
    lines = (ROOT / "requirements" / "dev.txt").read_text("utf-8").splitlines()
    named = {line.removeprefix("-r ").removesuffix(".txt") for line in lines[1:]}
    assert named == GROUPS.keys() - {"dev", {{ '"kuberay", ' if "ray" in cookiecutter.__extras and cookiecutter.deploy_target == "kubernetes" }}"uv"}  # `tools` has uv
