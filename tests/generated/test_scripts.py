"""The files beside the code are sound: scripts, images, CI, hooks and editor settings.

Everything here only reads; test_setup_paths.py and test_image.py run the same files.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import ROOT, BakedProject

pytestmark = pytest.mark.generated

PAIRS = ["setup_conda", "setup_uv", "setup_venv"]


def tool(name: str) -> str:
    """Return a program of this environment or of PATH; skip when there is none."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which(name, path=path)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def passes(*command: str | Path) -> None:
    """Fail with the command's output when it does not end with 0."""
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr


def read_yaml(path: Path) -> Any:
    """Parse a YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def commands(steps: list[dict[str, str]]) -> list[str]:
    """Return what the steps of a GitHub job run, in order."""
    return [step["run"] for step in steps if "run" in step]


def test_shell_scripts_pass_shellcheck(default_project: BakedProject) -> None:
    """The project's set-up scripts, this repository's tools, and its CI script."""
    scripts = [*(default_project.path / "scripts").glob("*.sh")]
    assert len(scripts) == len(PAIRS)
    scripts += [*ROOT.glob("tools/*.sh"), *ROOT.glob(".ci/run")]
    passes(tool("shellcheck"), *scripts)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no execute permission")
def test_shell_scripts_are_executable(default_project: BakedProject) -> None:
    """Cookiecutter keeps the permissions of the template's files."""
    for script in (default_project.path / "scripts").glob("*.sh"):
        assert os.access(script, os.X_OK), script


def test_powershell_scripts_parse(default_project: BakedProject) -> None:
    """With a grammar, because PowerShell itself is seldom at hand."""
    tree_sitter = pytest.importorskip("tree_sitter")
    grammar = pytest.importorskip("tree_sitter_powershell")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    scripts = [*(default_project.path / "scripts").glob("*.ps1")]
    assert len(scripts) == len(PAIRS)
    for script in scripts:
        nodes = [parser.parse(script.read_bytes()).root_node]
        while nodes:
            node = nodes.pop()
            place = f"{script.name}, line {node.start_point[0] + 1}"
            assert not node.is_error and not node.is_missing, place
            nodes += node.children


def test_scripts_are_short(default_project: BakedProject) -> None:
    """Whoever runs one can read it first."""
    for script in (default_project.path / "scripts").iterdir():
        assert len(script.read_text("utf-8").splitlines()) < 80, script.name


@pytest.mark.parametrize("name", PAIRS)
def test_twins_install_the_same_files(name: str, default_project: BakedProject) -> None:
    """A set-up installs the same thing on Windows as elsewhere."""
    bash, powershell = (
        re.sub("(?m)^ *#.*", "", default_project.read(f"scripts/{name}.{suffix}"))
        for suffix in ("sh", "ps1")
    )
    named = re.compile(r"requirements/[\w.]+|environment\.yml|--require-hashes")
    assert set(named.findall(bash)) == set(named.findall(powershell)) != set()
    for option in ("--no-deps", "--no-build-isolation", "--editable"):
        assert option in bash and option in powershell


def test_requirements_that_scripts_and_images_name_exist(
    default_project: BakedProject,
) -> None:
    """A renamed dependency group breaks none of them."""
    names = ["Dockerfile"]
    names += [f"scripts/{pair}.{suffix}" for pair in PAIRS for suffix in ("sh", "ps1")]
    for name in names:
        found = re.findall(r"requirements/[\w-]+\.txt", default_project.read(name))
        assert found, name
        for file in found:
            assert default_project.has_file(file), f"{name} names {file}"


def test_dockerfiles_pass_hadolint(default_project: BakedProject) -> None:
    """The images, and the one with a model in it."""
    for name in ("Dockerfile", "deploy/with_model.Dockerfile"):
        passes(tool("hadolint"), default_project.path / name)


def test_dockerfile_knows_nothing_of_where_it_is_built(
    default_project: BakedProject,
) -> None:
    """Certificates, mirrors and proxies come with the base image, or not at all."""
    text = default_project.read("Dockerfile").lower()
    for word in ("# syntax=", "certificates", "index-url", "proxy", "http:", "https:"):
        assert word not in text


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux'")
def test_the_service_is_accepted_and_has_few_rights(
    default_project: BakedProject, tmp_path: Path
) -> None:
    """By systemd's own judgement; the program is one that is installed here."""
    (unit,) = (default_project.path / "deploy/systemd").iterdir()
    text, started = re.subn(
        "(?m)^ExecStart=.*", "ExecStart=/bin/true", unit.read_text()
    )
    assert started == 1
    copy = tmp_path / unit.name
    copy.write_text(text)
    analyze = tool("systemd-analyze")
    passes(analyze, "verify", copy)
    # From 0 to 100; an ordinary service has 96.
    passes(analyze, "security", "--offline=true", "--threshold=20", copy)


@pytest.mark.parametrize("python_version", ["3.11", "3.12", "3.13"])
def test_the_python_answer_reaches_every_file(
    python_version: str, bake: Callable[..., BakedProject]
) -> None:
    """Each names the version, and the version is one the project supports."""
    match_spec = pytest.importorskip("rattler").MatchSpec
    project = bake(python_version=python_version)
    assert project.read(".python-version").strip() == python_version
    assert f"ARG PYTHON_VERSION={python_version}\n" in project.read("Dockerfile")
    container = json.loads(project.read(".devcontainer/devcontainer.json"))
    assert f"/python:{python_version}-" in container["image"]

    environment = read_yaml(project.path / "environment.yml")
    specs = [line for line in environment["dependencies"] if isinstance(line, str)]
    parsed = {line: match_spec(line, strict=True) for line in specs}
    assert {str(spec.name.normalized) for spec in parsed.values()} == {"python", "pip"}
    (python,) = (line for line in specs if line.startswith("python"))
    assert str(parsed[python].version) == f"{python_version}.*"

    metadata = tomllib.loads(project.read("pyproject.toml"))["project"]
    lowest, highest = re.findall(r"3\.(\d+)", metadata["requires-python"])
    assert int(lowest) <= int(python_version.removeprefix("3.")) < int(highest)
    jobs = read_yaml(project.path / ".github/workflows/ci.yml")["jobs"]
    rows = jobs["unix"]["strategy"]["matrix"]["include"]
    tested = [row["python"] for row in rows if "python" in row]
    assert tested == [f"3.{minor}" for minor in range(int(lowest), int(highest))]
    elsewhere = [row for row in rows if "python" not in row]
    assert [row["python-file"] for row in elsewhere] == [".python-version"]


def test_conda_brings_python_and_pip_alone(default_project: BakedProject) -> None:
    """The script installs the rest, so there is no second list of versions."""
    environment = read_yaml(default_project.path / "environment.yml")
    assert environment["name"] == default_project.path.name
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    assert environment["dependencies"][1:] == ["pip"]


def test_github_checks_and_tests_on_every_system(
    bake: Callable[..., BakedProject],
) -> None:
    """With the least rights, and with the tasks that people use."""
    workflow = read_yaml(bake(ci_provider="github").path / ".github/workflows/ci.yml")
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] is True
    jobs = workflow["jobs"]
    assert commands(jobs["unix"]["steps"]) == [
        "make check",
        "make test",
    ]
    assert commands(jobs["windows"]["steps"]) == [
        ".\\scripts\\setup_uv.ps1",
        ".venv\\Scripts\\poe check",
        ".venv\\Scripts\\poe test",
    ]
    for job in jobs.values():
        assert "permissions" not in job


def test_gitlab_checks_and_tests_on_every_python(
    bake: Callable[..., BakedProject],
) -> None:
    """The same commands as on GitHub."""
    job = read_yaml(bake(ci_provider="gitlab").path / ".gitlab-ci.yml")["test"]
    (matrix,) = job["parallel"]["matrix"]
    assert matrix["PYTHON_VERSION"] == ["3.11", "3.12", "3.13"]
    assert job["script"] == ["make check", "make test"]


def test_this_repository_is_tested_on_every_system_and_python() -> None:
    """Nine jobs, by the same task names as everywhere."""
    workflow = read_yaml(ROOT / ".github/workflows/ci.yml")
    assert workflow["permissions"] == {"contents": "read"}
    job = workflow["jobs"]["test"]
    matrix = job["strategy"]["matrix"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert commands(job["steps"]) == [
        "python -m pip install --require-hashes -r requirements/uv.txt",
        "uv venv",
        "uv pip sync --require-hashes --no-build requirements/dev.txt",
        "uv run --no-sync poe check",
        "uv run --no-sync poe test -n 2 --dist loadfile",
    ]


def test_hooks_have_no_versions_of_their_own(default_project: BakedProject) -> None:
    """All are local, and run what requirements/dev.txt pins."""
    for folder in (default_project.path, ROOT):
        file = folder / ".pre-commit-config.yaml"
        config = read_yaml(file)
        assert [repo["repo"] for repo in config["repos"]] == ["local"]
        for hook in config["repos"][0]["hooks"]:
            assert hook["language"] == "system"
        if folder != ROOT:
            tools = [hook["id"] for hook in config["repos"][0]["hooks"]]
            assert tools == ["isort", "black", "flake8", "mypy", "detect-secrets"]
        passes(tool("pre-commit"), "validate-config", file)


def test_editor_settings_parse_and_debug_training_and_a_test(
    default_project: BakedProject,
) -> None:
    """Strict JSON, so that any tool can read it."""
    files = [
        *(default_project.path / ".vscode").glob("*.json"),
        default_project.path / ".devcontainer/devcontainer.json",
    ]
    assert len(files) == 4
    parsed = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in files}
    launched = parsed["launch.json"]["configurations"]
    package = default_project.path.name.replace("-", "_")
    assert [entry["args"][0] for entry in launched if "args" in entry] == [
        "train",
        "evaluate",
        "export",
        "${file}",
    ]
    assert launched[0]["module"] == f"{package}.main"
    assert any(entry.get("purpose") == ["debug-test"] for entry in launched)
    recommended = parsed["extensions.json"]["recommendations"]
    container = parsed["devcontainer.json"]["customizations"]["vscode"]["extensions"]
    assert container == recommended
    # What courses on Python in VS Code name.
    assert {
        "ms-python.python",
        "ms-python.vscode-pylance",
        "donjayamanne.python-extension-pack",
        "KevinRose.vsc-python-indent",
        "ms-python.isort",
        "ms-python.black-formatter",
    } <= set(recommended)
    for entry in launched:
        if "module" in entry:  # otherwise a numbers.py in the project breaks numpy
            assert entry["env"] == {"PYTHONSAFEPATH": "1"}


def test_example_environment_names_settings_that_exist(
    default_project: BakedProject,
) -> None:
    """An unknown variable with the project's prefix would be refused."""
    package = default_project.path.name.replace("-", "_")
    pattern = rf"(?m)^#?{package.upper()}_(\w+)="
    names = re.findall(pattern, default_project.read(".env.example"))
    settings = default_project.read("configs/train.yaml")
    assert names
    for name in names:
        assert re.search(rf"(?m)^{name.lower()}:", settings), name


def test_formatters_and_linters_agree_on_the_line(
    default_project: BakedProject,
) -> None:
    """One length, whoever looks at it."""
    tools = tomllib.loads(default_project.read("pyproject.toml"))["tool"]
    assert tools["black"]["line-length"] == 88
    assert tools["isort"]["profile"] == "black"
    assert "max-line-length = 88\n" in default_project.read(".flake8")
