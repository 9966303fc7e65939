"""A project that was worked on and then updated: its own tests and linters pass.

What an update does to the files is asked in tests/render/test_updates.py.
"""

import os
from pathlib import Path

import pytest

from environments import PYTHON_VERSION, Installed
from updating import RELEASED, History

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="uses make: for Linux and macOS"),
]

OWN = (
    '\n\ndef own(text: str) -> str:\n    """Return mine."""\n    return text + "mine"\n'
)
OWN_TEST = '''"""Mine."""

from {package} import mine, models, utils


def test_what_i_wrote_is_there() -> None:
    assert utils.own(mine.MINE) == models.own("mine") == "minemine"
'''
# Of each kind one: code that was edited, settings, the command line, requirements.
QUICK = [
    f"tests/test_{name}.py"
    for name in (
        "mine",
        "models",
        "utils",
        "config",
        "main",
        "requirements",
    )
]


@pytest.mark.parametrize(
    "framework",
    [
        "tensorflow",
        "scikit-learn",
        # An update changes the same files here as with TensorFlow.
        pytest.param("pytorch", marks=pytest.mark.matrix),
    ],
)
def test_an_updated_project_passes_its_tests(
    history: History, installed: Installed, tmp_path: Path, framework: str
) -> None:
    environment = installed(framework)
    answers = {"framework": framework, "python_version": PYTHON_VERSION}
    project = history.create(tmp_path, answers)
    project.commit("Render")
    source = Path("src", project.path.name.replace("-", "_"))
    for name in ("utils.py", "models.py"):
        edited = f"{source}/{name}"
        project.write(edited, project.read(edited) + OWN)
    project.write(f"{source}/mine.py", '"""Mine."""\n\nMINE = "mine"\n')
    project.write("tests/test_mine.py", OWN_TEST.format(package=source.name))
    project.write("configs/train.yaml", project.read("configs/train.yaml") + "# mine\n")
    project.commit("Work")

    project.cruft("update", "--skip-apply-ask")
    assert RELEASED[1] in project.read(f"{source}/utils.py")
    project.commit("Update")
    # The environment is that of a fresh render, whose own code is not to be used.
    python = ["env", f"PYTHONPATH={project.path / 'src'}", "python", "-m"]
    for command in (["black", "--check", "."], ["isort", "--check", "."], ["flake8"]):
        environment.run(*python, *command, folder=project.path)
    passed = environment.run(*python, "pytest", "-q", *QUICK, folder=project.path)
    assert " passed" in passed and " failed" not in passed
    assert project.status() == {}
