"""A rendered project, set up for real: its checks, tests, README and training."""

import gzip
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml

from conftest import ROOT

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="uses make: for Linux and macOS"),
]

# Debian's package dataset-fashion-mnist.
FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
DEFAULTS = ("--no-input", "--default-config")


class Project:
    """A render with its environment."""

    def __init__(self, path: Path) -> None:
        """Take a rendered and set-up project."""
        self.path = path

    def run(self, *command: str, status: int = 0) -> str:
        """Run a command of the project's environment; return what it printed."""
        environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
        environment["PATH"] = os.pathsep.join(
            [str(self.path / ".venv/bin"), environment["PATH"]]
        )
        finished = subprocess.run(
            command,
            cwd=self.path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert finished.returncode == status, finished.stdout
        return finished.stdout


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The defaults, rendered into a git repository and set up as the README says."""
    folder = tmp_path_factory.mktemp("project")
    command = [sys.executable, "-m", "cookiecutter", str(ROOT), *DEFAULTS]
    subprocess.run([*command, "--output-dir", str(folder)], check=True)
    (path,) = folder.iterdir()
    rendered = Project(path)
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    rendered.run("git", "init", "-q")
    rendered.run("git", "add", "--all")
    rendered.run("git", *identity, "commit", "-qm", "Render")
    rendered.run("make", "setup")
    return rendered


def test_a_fresh_render_passes_its_own_checks(project: Project) -> None:
    project.run("make", "check")


def test_its_formatters_change_nothing(project: Project) -> None:
    project.run("make", "fix")
    assert project.run("git", "status", "--porcelain") == ""


def test_its_pre_commit_hooks_pass(project: Project) -> None:
    project.run("pre-commit", "run", "--all-files")
    assert project.run("git", "status", "--porcelain") == ""


def test_its_own_tests_pass_with_the_coverage_they_ask_for(project: Project) -> None:
    shown = project.run("make", "test")
    assert re.search(r"\d+ passed", shown)
    assert "Required test coverage of 90.0% reached" in shown


def test_the_first_command_of_its_readme_trains_and_scores(project: Project) -> None:
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```bash\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    for line in block[1].splitlines():
        shown = project.run("bash", "-c", line)
    accuracy = re.search(r"test accuracy: (0\.\d+)", shown)
    assert accuracy is not None and float(accuracy[1]) >= 0.965
    for name in ("model", "metrics", "log"):
        place = re.search(rf"^{name}: +(\S+)$", shown, re.MULTILINE)
        assert place is not None and (project.path / place[1]).exists()
    assert project.run("git", "status", "--porcelain") == ""


def test_its_readme_names_only_what_is_there(project: Project) -> None:
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    named = set(
        re.findall(r"\b(?:src|scripts|configs|requirements)/[\w./-]*\w", readme)
    )
    assert named
    assert [name for name in named if not (project.path / name).exists()] == []
    tasks = set(re.findall(r"\bmake (\w+)", readme))
    makefile = (project.path / "Makefile").read_text(encoding="utf-8")
    assert [task for task in tasks if f"\n{task}:" not in makefile] == []
    shown = project.run("poe", "--help")
    assert [
        task for task in re.findall(r"\bpoe (\w+)", readme) if task not in shown
    ] == []


def test_its_requirements_are_what_compiling_them_again_gives(project: Project) -> None:
    project.run("make", "lock")
    assert project.run("git", "status", "--porcelain", "requirements") == ""


@pytest.fixture
def mirror() -> Iterator[str]:
    """Debian's copy of Fashion-MNIST on this machine's own HTTP server."""
    if not FASHION_MNIST.is_dir():
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=FASHION_MNIST)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_fashion_mnist_is_downloaded_and_learnt(
    backend: str, project: Project, mirror: str
) -> None:
    if backend == "jax":
        project.run("uv", "pip", "install", "-q", "-r", "requirements/jax.txt")
    train = [project.path.name, "train", "--quiet", "--dataset", "fashion_mnist"]
    options = ["--epochs", "5", "--data-url", mirror, "--keras-backend", backend]
    name = ["--model-name", f"fashion-{backend}"]
    project.run(*train, *options, *name)
    project.run(project.path.name, "evaluate", *name)
    report = project.path / f"reports/fashion-{backend}/1/metrics.json"
    metrics = json.loads(report.read_text(encoding="utf-8"))
    assert metrics["images"] == 10_000
    assert metrics["accuracy"] >= 0.86
    manifest = project.path / f"models/fashion-{backend}/1/manifest.json"
    recorded = json.loads(manifest.read_text(encoding="utf-8"))
    assert recorded["settings"]["keras_backend"] == backend
    head = project.run("git", "rev-parse", "HEAD").strip()
    assert recorded["git_commit"].startswith(head)


def test_a_tampered_download_is_refused(
    project: Project, mirror: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(FASHION_MNIST, data / "fashion_mnist")
    file = data / "fashion_mnist" / "t10k-labels-idx1-ubyte.gz"
    labels = bytearray(gzip.decompress(file.read_bytes()))
    labels[-1] = (labels[-1] + 1) % 10
    file.unlink()  # the package's files may be links
    file.write_bytes(gzip.compress(bytes(labels)))
    options = ["--dataset", "fashion_mnist", "--data-dir", str(data)]
    shown = project.run(project.path.name, "train", *options, status=2)
    assert "t10k-labels-idx1-ubyte.gz" in shown and "was removed" in shown
    assert "Traceback" not in shown
    assert not file.exists()


@pytest.mark.parametrize("length", [2, 40])
def test_it_is_formatted_and_clean_whatever_the_length_of_its_name(
    length: int, project: Project, tmp_path: Path
) -> None:
    name = "q" * length
    command = [sys.executable, "-m", "cookiecutter", str(ROOT), *DEFAULTS]
    answers = [f"package_name={name}", f"project_slug={name}"]
    options = ["--output-dir", str(tmp_path)]
    subprocess.run([*command, *options, *answers], check=True)
    for check in (["black", "--check"], ["isort", "--check-only"], ["flake8"]):
        project.run("bash", "-c", f"cd {tmp_path}/{name} && {' '.join(check)} .")


def test_every_data_file_parses(project: Project) -> None:
    for file in project.path.glob("**/*.y*ml"):
        if ".venv" not in file.parts:
            yaml.safe_load(file.read_text(encoding="utf-8"))
