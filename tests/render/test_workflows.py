"""CI files, here and in every render: valid, pinned, and with the least rights."""

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, BakedProject
from workflows import SCHEMAS, actions, own_and_projects, verdicts, workflows

# Jobs that may write, and what.
WRITES = {
    ("refresh.yml", "propose"): {"actions", "contents", "pull-requests"},
    ("release.yml", "publish"): {"contents"},
}
# A line of a shell that runs what was installed, or installs it.
INSTALLS = re.compile(
    r"(?m)^\s*(make|uv|npm|pip|bash scripts/|\.venv/|python -m pip)\b"
)
TOKEN = re.compile(r"github\.token|secrets\.", re.IGNORECASE)
BROKEN = {
    "an answer in a shell": (
        ".github/workflows/ci.yml",
        "- run: make check",
        "- run: echo ${{ github.event.pull_request.title }}",
        "template-injection",
    ),
    "an action by its tag": (
        ".github/workflows/ci.yml",
        r"actions/cache@\w+ # \S+",
        "actions/cache@v4",
        "unpinned-uses",
    ),
    "a key of a workflow": (
        ".github/workflows/audit.yml",
        "runs-on:",
        "run-on:",
        "Schema validation errors",
    ),
    "a key of dependabot.yml": (
        ".github/dependabot.yml",
        "package-ecosystem: github-actions",
        "package-ecosystem: nonsense",
        "Schema validation errors",
    ),
    "a key of .gitlab-ci.yml": (
        ".gitlab-ci.yml",
        "interruptible: true",
        "interruptible: 7",
        "Schema validation errors",
    ),
    "a key of renovate.json": (
        "renovate.json",
        '"extends": .*',
        '"extends": 7,',
        "Schema validation errors",
    ),
}


@pytest.fixture(scope="session")
def judged() -> dict[str, list[str]]:
    """Return what was said of each distinct set of CI files, by its SHA-256."""
    return {}


def test_the_ci_files_of_every_render_are_valid(
    combination: str,
    combinations: dict[str, BakedProject],
    judged: dict[str, list[str]],
) -> None:
    project = combinations[combination]
    digest = hashlib.sha256()
    for name in project.files():
        if name.startswith(".git") or name == "renovate.json":
            digest.update(f"{name}\0{project.read(name)}\0".encode())
    key = digest.hexdigest()
    if key not in judged:
        judged[key] = list(verdicts(project.path))
    assert judged[key] == []


def test_a_render_has_the_files_of_its_ci_service_only(
    combinations: dict[str, BakedProject],
) -> None:
    for name, project in combinations.items():
        found = {file for file in SCHEMAS.values() if [*project.path.glob(file)]}
        service = {word: word in name.split("-") for word in ("github", "gitlab")}
        expected = [file for file in SCHEMAS.values() if "github" in file]
        others = [file for file in SCHEMAS.values() if "github" not in file]
        wanted = expected * service["github"] + others * service["gitlab"]
        assert found == set(wanted), name


def test_the_ci_files_of_this_repository_are_valid() -> None:
    assert list(verdicts(ROOT)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "verdict"), [*BROKEN.values()], ids=[*BROKEN]
)
def test_what_is_wrong_is_found(
    file: str,
    old: str,
    new: str,
    verdict: str,
    chosen_project: Callable[[str, str], BakedProject],
    tmp_path: Path,
) -> None:
    provider = "github" if "github" in file else "gitlab"
    project = chosen_project("ci_provider", provider)
    text, count = re.subn(old, new, project.read(file), count=1)
    assert count == 1
    for pattern in SCHEMAS.values():
        for source in project.path.glob(pattern):
            copy = tmp_path / source.relative_to(project.path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
    (tmp_path / file).write_text(text, encoding="utf-8")
    (said,) = verdicts(tmp_path)
    assert verdict in said


def test_actions_are_pinned_by_the_same_commit_everywhere() -> None:
    used = set().union(*(actions(folder) for folder in own_and_projects()))
    assert len(used) >= 4
    assert len({name for name, *_ in used}) == len(used)
    for name, commit, version in used:
        assert re.fullmatch("[0-9a-f]{40}", commit), name
        assert re.fullmatch(r"v\d+\.\d+\.\d+", version), name


def runs_what_is_installed(step: dict[str, Any]) -> bool:
    """Whether a step runs packages, or installs them."""
    return INSTALLS.search(step.get("run", "")) is not None


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"run": "make setup"}, True),
        ({"run": "git status\n  .venv/bin/python tools/demo_branch.py\n"}, True),
        ({"run": "python -m pip install uv"}, True),
        ({"run": "gh pr create --body 'Made by `make refresh`'"}, False),
        ({"uses": "actions/checkout@v5"}, False),
    ],
)
def test_steps_that_run_packages_are_told_apart(
    step: dict[str, Any], expected: bool
) -> None:
    assert runs_what_is_installed(step) is expected


@pytest.mark.parametrize("of_project", [False, True], ids=["template", "project"])
def test_jobs_have_the_least_rights(
    of_project: bool, default_project: BakedProject
) -> None:
    found = workflows(default_project.path if of_project else ROOT)
    assert len(found) >= (2 if of_project else 3)
    for file, workflow in found.items():
        assert workflow["permissions"] == {"contents": "read"}, file
        for name, job in workflow["jobs"].items():
            rights = job.get("permissions", {})
            writes = {right for right, level in rights.items() if level == "write"}
            assert writes == WRITES.get((file, name), set()), (file, name)
            assert job["timeout-minutes"] > 0
            shared = str(workflow.get("env", {})) + str(job.get("env", {}))
            runs = [step for step in job["steps"] if runs_what_is_installed(step)]
            if runs:  # what comes from an index sees no token, and could not write
                assert not writes, (file, name)
                assert not TOKEN.search(shared + str(runs)), (file, name)
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"] == {"persist-credentials": False}
                assert "${{" not in step.get("run", ""), (file, name)
