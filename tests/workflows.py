"""What reads CI files: the same programs as `check`, of this and of every project."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from conftest import PROJECT, ROOT

# The schemas that check-jsonschema brings along, and the files they are for.
SCHEMAS = {
    "vendor.github-workflows": ".github/workflows/*.yml",
    "vendor.dependabot": ".github/dependabot.yml",
    "vendor.gitlab-ci": ".gitlab-ci.yml",
    "vendor.renovate": "renovate.json",
}
ACTION = re.compile(r"uses: (\S+)@(\S+)(?: # (\S+))?")


def verdicts(folder: Path) -> Iterator[str]:
    """Yield what zizmor and the schemas have against a repository's CI files."""
    if (folder / ".github").exists():
        zizmor = Path(sys.executable).with_name("zizmor")
        yield from _output(zizmor, "--offline", "--quiet", folder / ".github")
    for schema, pattern in SCHEMAS.items():
        files = sorted(folder.glob(pattern))
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
        if schema == "vendor.gitlab-ci":
            command += ["--data-transform", "gitlab-ci"]
        if files:
            yield from _output(*command, *files)


def _output(*command: str | Path) -> Iterator[str]:
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    if done.returncode:
        yield done.stdout + done.stderr


def workflows(folder: Path) -> dict[str, Any]:
    """Return the parsed workflows of a repository, by file name."""
    return {
        file.name: yaml.safe_load(file.read_text(encoding="utf-8"))
        for file in sorted((folder / ".github/workflows").glob("*.yml"))
    }


def actions(folder: Path) -> set[tuple[str, str, str]]:
    """Return the actions that a repository's workflows use: name, commit, version."""
    texts = (file.read_text("utf-8") for file in folder.glob(".github/workflows/*.yml"))
    return {found for text in texts for found in ACTION.findall(text)}


def own_and_projects() -> list[Path]:
    """Return the folders of this repository and of the unrendered project."""
    return [ROOT, ROOT / PROJECT]
