"""Every way to set a project up ends with a command that runs, done for real.

Each test renders a project, sets it up in one way and calls the installed command. The
ways are those of every framework; scikit-learn is the smallest one to install, and
`environments.py` sets up each of them by `make setup`.
"""

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.error import HTTPError

import pytest

from conftest import BakedProject
from serving.running import find_uv

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="setup_*.sh: for Linux and macOS"),
]

# The interpreter that these tests' own environment was made of.
PYTHON = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
ANOTHER_VERSION = "3.13" if VERSION != "3.13" else "3.12"

# What the set-up scripts call, apart from Python and uv.
PROGRAMS = ("bash", "dirname", "rm")
# What would tell them another interpreter, environment or cache than a user has.
MISLEADING = (
    "CONDA_PREFIX",
    "PYTHON",
    "PYTHONHOME",
    "PYTHONPATH",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "VIRTUAL_ENV",
)


@pytest.fixture
def bake(bake: Callable[..., BakedProject]) -> Callable[..., BakedProject]:
    """Return `bake` for a project that is soon installed: the ways are of every one."""
    return partial(bake, framework="scikit-learn", extras="none", deploy_target="none")


@pytest.fixture(autouse=True)
def no_heap_of_environments(tmp_path: Path) -> Iterator[None]:
    """Remove what a test installed: more than 1 GB each."""
    yield
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Return a folder to use as PATH: one Python, no uv, no pyenv, no conda."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in PROGRAMS:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    (folder / "python3").symlink_to(PYTHON)
    return folder


def environment(path: Path | None = None, **more: str) -> dict[str, str]:
    """Return this process' environment as a user's would be, with another PATH."""
    kept = {key: text for key, text in os.environ.items() if key not in MISLEADING}
    return kept | ({"PATH": str(path)} if path else {}) | more


def assert_installed(project: BakedProject, bin_folder: str = ".venv/bin") -> None:
    """The command answers, and the package and its framework can be imported."""
    package = project.path.name.replace("-", "_")
    printed = project.run(f"{bin_folder}/{project.path.name}", "--help").stdout
    assert printed.startswith(f"usage: {project.path.name}")
    project.run(f"{bin_folder}/python", "-c", f"import {package}, sklearn")


def python_of(project: BakedProject) -> str:
    """Return major.minor of the project's environment."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return project.run(".venv/bin/python", "-c", code).stdout.strip()


def test_setup_uv_uses_the_uv_on_path_and_may_run_again(
    bake: Callable[..., BakedProject], programs: Path
) -> None:
    """`bash scripts/setup_uv.sh`, which is what `make setup` runs."""
    project = bake(python_version=VERSION)
    (programs / "uv").symlink_to(find_uv())
    script = ["bash", "scripts/setup_uv.sh"]
    first = project.run(*script, env=environment(programs)).stdout
    assert "installing" in first and "neither here" not in first
    assert not (project.path / ".uv").exists()
    assert_installed(project)

    made = (project.path / ".venv/pyvenv.cfg").stat().st_mtime_ns
    own = ["pip", "install", "--quiet", "--python", ".venv/bin/python", "toolz"]
    project.run(find_uv(), *own, env=environment())
    project.run(*script, env=environment(programs))
    assert (project.path / ".venv/pyvenv.cfg").stat().st_mtime_ns == made
    project.run(".venv/bin/python", "-c", "import toolz")  # what somebody brought stays
    assert_installed(project)


def test_set_up_for_training_installs_no_more(
    bake: Callable[..., BakedProject], programs: Path
) -> None:
    """What the first accuracy needs; tools, servers and explanations come later."""
    project = bake(python_version=VERSION, extras="all")
    (programs / "uv").symlink_to(find_uv())
    script = ["bash", "scripts/setup_uv.sh", "train"]
    project.run(*script, env=environment(programs))
    assert_installed(project)
    there = {path.name for path in project.path.glob(".venv/lib/*/site-packages/*")}
    assert {"sklearn", "onnxruntime"} <= there
    assert not there & {"mlflow", "pytest", "shap", "starlette"}


def test_setup_uv_brings_uv_and_says_which_python_it_falls_back_to(
    bake: Callable[..., BakedProject], programs: Path, tmp_path: Path
) -> None:
    """From only a Python that is not the preferred one, and that has venv."""
    project = bake(python_version=ANOTHER_VERSION)
    bare = environment(
        programs,
        UV_PYTHON_DOWNLOADS="never",
        UV_PYTHON_INSTALL_DIR=str(tmp_path / "no-pythons"),
    )
    printed = project.run("bash", "scripts/setup_uv.sh", env=bare).stdout
    assert (
        f"Python {ANOTHER_VERSION} is neither here nor to be downloaded: "
        f"using Python {VERSION}." in printed
    )
    assert (project.path / ".uv/bin/uv").exists()
    assert python_of(project) == VERSION
    assert_installed(project)


def test_setup_uv_sourced_activates_and_leaves_the_shell_as_it_was(
    bake: Callable[..., BakedProject], programs: Path, tmp_path: Path
) -> None:
    """Its folder, options and functions; and a failure does not end the shell."""
    project = bake(python_version=VERSION)
    (programs / "uv").symlink_to(find_uv())
    session = """
set -u
options=$-
(exit 0); source "$0/scripts/setup_uv.sh" || exit 3
[[ $PWD == / ]] && [[ $- == "$options" ]] || exit 4
[[ $(command -v python) == "$0/.venv/bin/python" ]] || exit 5
declare -F say fail && exit 6
deactivate
rm -rf "$0/.venv" && : >"$0/.venv"
source "$0/scripts/setup_uv.sh" && exit 7
echo still here
"""
    done = subprocess.run(
        ["bash", "-c", session, str(project.path)],
        cwd="/",
        env=environment(programs),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    assert done.stdout.endswith("still here\n")
    assert ".venv is no virtual environment; move it away" in done.stderr


def test_setup_uv_refuses_a_python_that_the_project_does_not_run_on(
    bake: Callable[..., BakedProject], programs: Path
) -> None:
    """A wish is not fulfilled by something else in silence."""
    (programs / "uv").symlink_to(find_uv())
    wrong = environment(programs, PYTHON=str(programs / "no-such-python"))
    done = bake().run("bash", "scripts/setup_uv.sh", check=False, env=wrong)
    assert done.returncode == 1
    assert "no-such-python is no Python >=3.11,<3.14" in done.stderr


def test_setup_venv_needs_only_python_and_pip(
    bake: Callable[..., BakedProject], programs: Path
) -> None:
    """The hashed versions again, without uv."""
    project = bake(python_version=ANOTHER_VERSION)
    printed = project.run(
        "bash", "scripts/setup_venv.sh", env=environment(programs, PIP_USER="1")
    ).stdout
    assert f"Python {ANOTHER_VERSION} is not here: using Python {VERSION}." in printed
    assert_installed(project)


@pytest.mark.parametrize(("exists", "action"), [(False, "create"), (True, "update")])
def test_setup_conda_makes_or_updates_the_environment(
    exists: bool, action: str, bake: Callable[..., BakedProject], programs: Path
) -> None:
    """With a stand-in for conda that writes down how it is called.

    PyPI, Debian and npm have no conda, mamba or micromamba, only programs that download
    one from conda-forge; test_scripts.py reads environment.yml by rattler's rules.
    """
    project = bake()
    name = project.path.name
    calls = project.path / "calls.txt"
    stand_in = programs / "conda"
    stand_in.write_text(f"""#!{shutil.which("bash")}
echo "$*" >>'{calls}'
[[ $* != *'python --version' ]] || exit {0 if exists else 1}
[[ $CONDA_ALWAYS_YES == true ]]
""")
    stand_in.chmod(0o755)
    only_conda = environment(programs, CONDA_EXE=str(stand_in))
    project.run("bash", "scripts/setup_conda.sh", env=only_conda)
    assert calls.read_text().splitlines() == [
        f"run --name {name} python --version",
        f"env {action} --name {name} --file environment.yml",
        *(
            f"run --name {name} python -m pip --quiet install --no-user {what}"
            for what in (
                "--require-hashes -r requirements/build.txt",
                "--require-hashes --no-build-isolation -r requirements/dev.txt",
                "--no-deps --no-build-isolation --editable .",
            )
        ),
    ]


def test_pip_installs_the_dependency_group(bake: Callable[..., BakedProject]) -> None:
    """`pip install --group`: ranges instead of hashes, from pip 25.1 on."""
    project = bake()
    clean = environment()
    project.run(str(PYTHON), "-m", "venv", ".venv", env=clean)
    pip = [".venv/bin/python", "-m", "pip", "--quiet", "install"]
    project.run(*pip, "pip>=25.1", env=clean)
    project.run(*pip, "--group", "dev", "--editable", ".", env=clean)
    assert_installed(project)


def test_uv_sync_installs_the_project(bake: Callable[..., BakedProject]) -> None:
    """uv's own way: it makes a uv.lock first, here of all extras."""
    project = bake(extras="all")
    project.run(
        find_uv(), "sync", "--quiet", "--python", str(PYTHON), env=environment()
    )
    assert_installed(project)


def test_poetry_installs_the_project(
    bake: Callable[..., BakedProject], tmp_path: Path
) -> None:
    """Poetry reads the dependency groups since 2.2; without --only it takes all."""
    tools = tmp_path / "poetry"
    subprocess.run([PYTHON, "-m", "venv", tools], check=True)
    pip = [str(tools / "bin/python"), "-m", "pip", "--quiet", "install"]
    subprocess.run([*pip, "poetry>=2.2,<3"], check=True)
    poetry = str(tools / "bin/poetry")
    project = bake()
    own = environment(POETRY_VIRTUALENVS_IN_PROJECT="true", POETRY_NO_INTERACTION="1")
    project.run(poetry, "check", env=own)
    if index := simple_index():
        add = ["source", "add", "--priority=primary", "simple-only", index]
        project.run(poetry, *add, env=own)
    project.run(poetry, "install", "--only", "main,dev", env=own)
    assert_installed(project)


def simple_index() -> str | None:
    """Return the address of pip's default index if it has no JSON of a version.

    Mirrors may not. Poetry asks its built-in source for it, and is content with the
    simple API of a source that it was told of.
    """
    code = (
        "from pip._internal.models.index import PyPI; "
        "print(PyPI.pypi_url, PyPI.simple_url)"
    )
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, encoding="utf-8")
    json, simple = done.stdout.split()
    try:
        urllib.request.urlopen(f"{json}/pip/25.0/json").close()
    except HTTPError:
        return simple
    return None
