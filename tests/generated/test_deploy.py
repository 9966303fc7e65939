"""What is in deploy/ of a project, apart from manifests and images.

The tests in tests/deploy use a project's modules, its tests' helpers and its
environment, so each is put beside the project's own tests and run there. They are no
part of a project: whoever owns one need not keep a played SSH host.
"""

from pathlib import Path

import pytest

from conftest import ROOT
from environments import Installed
from serving.running import find_uv

pytestmark = pytest.mark.generated

# A file of tests/deploy, the framework that has what it tests, and what else it needs.
CHECKS = [
    ("ssh", "tensorflow", ["asyncssh>=2.21,<3"]),
    ("tensorflow_serving_client", "tensorflow", []),
    ("torchserve_handler", "pytorch", []),
]


@pytest.mark.parametrize(("name", "framework", "needs"), CHECKS)
def test_a_part_of_deploy(
    name: str, framework: str, needs: list[str], installed: Installed, tmp_path: Path
) -> None:
    project = installed(framework)
    if needs:
        python = str(project.path / ".venv/bin/python")
        install = [find_uv(), "pip", "install", "--quiet", "--python", python]
        project.run(*install, *needs)
    check = project.path / "tests" / f"test_deploy_{name}.py"
    text = (ROOT / "tests" / "deploy" / f"{name}.py").read_text(encoding="utf-8")
    check.write_text(text, encoding="utf-8")
    try:
        shown = project.run("pytest", "-q", "--no-cov", str(check))
    finally:
        check.unlink()
    assert " passed" in shown and " skipped" not in shown
