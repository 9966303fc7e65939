"""Odd answers in a project that is built and run: its metadata, its help, its linters.

The environment is that of another project of the same framework, which is set up once
for all tests; what is built here is unpacked, not installed.
"""

import json
import os
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings

from answers.checks import review
from answers.template import read_template
from any_answers import FINE_TEXT, INJECTIONS
from conftest import BakedProject, choices
from environments import Installed, InstalledProject

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="uses make: for Linux and macOS"),
]

# Reads [name, description] pairs from a file, and prints those that change on their way
# through the builder's metadata and Python's reader of it.
THERE_AND_BACK = """
import json, sys
from email.utils import parseaddr
from importlib.metadata import PathDistribution
from pathlib import Path
from hatchling.metadata.core import ProjectMetadata
from hatchling.metadata.spec import get_core_metadata_constructors
from hatchling.plugin.manager import PluginManager

folder = Path(sys.argv[1])
build = get_core_metadata_constructors()["2.4"]
changed = []
for name, description in json.loads((folder / "texts.json").read_text("ascii")):
    author = {"name": name, "email": "ada@example.com"}
    project = {"name": "x", "version": "1", "description": description}
    config = {"project": {**project, "authors": [author]}}
    made = build(ProjectMetadata(str(folder), PluginManager(), config))
    (folder / "METADATA").write_text(made, encoding="utf-8")
    read = PathDistribution(folder).metadata
    found = [*parseaddr(read["Author-email"]), read["Summary"]]
    # A reader of addresses makes one blank of several.
    if found != [" ".join(name.split(" ")), author["email"], description]:
        changed.append([name, description, found])
print(json.dumps(changed))
"""


@pytest.fixture
def project(installed: Installed) -> InstalledProject:
    """Return a project whose environment is used."""
    return installed("scikit-learn")


def test_every_author_and_description_survives_the_packages_metadata(
    project: InstalledProject, tmp_path: Path
) -> None:
    texts = [text.strip() for text in INJECTIONS.values()]

    @settings(max_examples=300)
    @given(FINE_TEXT.filter(lambda text: text and "  " not in text))
    def collect(text: str) -> None:
        texts.append(text)

    collect()
    pairs = [[text[:80].strip(), text] for text in texts]
    assert len(pairs) > 300
    (tmp_path / "texts.json").write_text(json.dumps(pairs), encoding="ascii")
    shown = project.run("python", "-c", THERE_AND_BACK, str(tmp_path))
    assert json.loads(shown) == []


@pytest.mark.parametrize("framework", choices()["framework"])
def test_no_project_can_be_called_like_a_program_of_its_environment(
    installed: Installed, framework: str
) -> None:
    template = read_template()
    programs = installed(framework).path / ".venv" / "bin"
    names = {path.name for path in programs.iterdir()}
    own = tomllib.loads((programs.parents[1] / "pyproject.toml").read_text("utf-8"))
    names -= set(own["project"]["scripts"])
    assert {"python", "poe"} <= names
    usable = {**template.defaults, "project_name": "A", "package_name": "a"}
    usable["project_description"] = "B"
    for name in sorted(names):
        problems, _ = review(usable | {"project_slug": name}, template)
        assert [problem.key for problem in problems] == ["project_slug"], name


def test_a_project_with_odd_answers_is_built_linted_and_run(
    project: InstalledProject, bake: Callable[..., BakedProject], tmp_path: Path
) -> None:
    description = f"100% %(prog)s %x {INJECTIONS['shell']} 手写"
    odd = bake(
        framework="scikit-learn",
        project_name=f"Odd {INJECTIONS['python-format']}",
        project_slug="odd",
        project_description=description,
        author_name=INJECTIONS["address"],
    )
    assert odd.exit_code == 0, odd.stderr
    for linter in (["black", "--check", "."], ["isort", "--check", "."], ["flake8"]):
        project.run(*linter, folder=odd.path)
    wheels = tmp_path / "wheels"
    build = ["python", "-m", "hatchling", "build", "--target", "wheel"]
    project.run(*build, "--directory", str(wheels), folder=odd.path)
    (wheel,) = wheels.iterdir()
    unpacked = tmp_path / "unpacked"
    zipfile.ZipFile(wheel).extractall(unpacked)
    shown = project.run(
        "env", f"PYTHONPATH={unpacked}", "COLUMNS=999", "python", "-m", "odd.main", "-h"
    )
    assert f"\n\n{description}\n\n" in shown
    assert not list(tmp_path.rglob("CANARY"))
