"""A rendered project, set up for real: its checks, tests, README and training."""

import gzip
import http.server
import json
import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from conftest import BakedProject, choices
from environments import Installed, InstalledProject

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="uses make: for Linux and macOS"),
]

# Debian's package dataset-fashion-mnist.
FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
FRAMEWORKS = choices()["framework"]
IMAGES = [name for name in FRAMEWORKS if name != "scikit-learn"]
# Of settings that are no number, and can be no text either.
OTHER_VALUES = {
    "dataset": "mnist",
    "colours": "false",
    "network": "cnn",
    "augment": "true",
    "class_weights": "balanced",
    "device": "cuda",
    "data": "wine",
    "estimator": "forest",
    "split": "random",
    "parameters": "{max_depth: 3}",
    "log_level": "ERROR",
    "quiet": "true",
}
# Beside all extras, which `installed` gives: nothing needs what a choice leaves out.
FEWER = [
    (framework, extras, target)
    for framework in FRAMEWORKS
    for extras, target in (("none", "none"), ("serve,explain,track", "docker"))
]
ALWAYS = {("tensorflow", "none"), ("scikit-learn", "serve,explain,track")}


@pytest.fixture(params=FRAMEWORKS)
def project(request: pytest.FixtureRequest, installed: Installed) -> InstalledProject:
    """Return the project of each framework in turn."""
    return installed(request.param)


def test_a_fresh_render_passes_its_own_checks(project: InstalledProject) -> None:
    project.run("make", "check")


def test_its_formatters_change_nothing(project: InstalledProject) -> None:
    project.run("make", "fix")
    assert project.changes() == ""


def test_its_pre_commit_hooks_pass(installed: Installed) -> None:
    """In one framework: they run what `make check` has run in each."""
    project = installed("scikit-learn")
    project.run("pre-commit", "run", "--all-files")
    assert project.changes() == ""


def test_its_own_tests_pass_with_the_coverage_they_ask_for(
    project: InstalledProject,
) -> None:
    """Also where a team has changed every setting: the tests have their own."""
    configs = project.path / "configs" / "train.yaml"
    text = configs.read_text(encoding="utf-8")
    changed = re.sub(r"(?m)^(\w+): \S+", another_setting, text)
    assert not set(re.findall(r"(?m)^\w+: .*$", text)) & set(changed.splitlines())
    configs.write_text(changed, encoding="utf-8")
    try:
        shown = project.run("make", "test")
    finally:
        configs.write_text(text, encoding="utf-8")
    assert re.search(r"\d+ passed", shown)
    assert "Required test coverage of 90.0% reached" in shown


def another_setting(line: re.Match[str]) -> str:
    """Return a line of train.yaml with another value in its range."""
    name, value = line[0].split(": ")
    number = f"{float(value) / 2}" if "." in value else f"{value}1"
    if name in OTHER_VALUES:
        return f"{name}: {OTHER_VALUES[name]}"
    return f"{name}: {number if value[0].isdigit() else 'another'}"


def test_a_file_called_as_a_standard_module_is_in_nobodys_way(
    project: InstalledProject, tmp_path: Path
) -> None:
    """The project's root is on no path: a numbers.py there would break numpy."""
    file = project.path / "numbers.py"
    file.write_text('raise SystemExit("the root is on the path")\n', encoding="utf-8")
    try:
        models = ("--models-dir", str(tmp_path))
        project.run(project.path.name, "train", "--quiet", *models)
        project.run("pytest", "-q", "tests/test_requirements.py")
        project.run("poe", "--quiet", "registry", "list", *models)
    finally:
        file.unlink()


def test_a_command_is_added_as_its_readme_says(
    installed: Installed, tmp_path: Path
) -> None:
    """A class of settings, a function, a row; and the setting is one everywhere."""
    project = installed("scikit-learn")
    shutil.copytree(project.path / "src", tmp_path / "src")
    shutil.copytree(project.path / "configs", tmp_path / "configs")
    (package,) = (tmp_path / "src").iterdir()
    with (package / "config.py").open("a", encoding="utf-8") as file:
        file.write(
            "\n\nclass GreetSettings(Settings):\n"
            '    """Greet somebody."""\n\n'
            '    person: str = "you"\n'
            '    """Whom"""\n'
        )
    (package / "greeting.py").write_text(
        "from .config import GreetSettings\n\n\n"
        "def greet(settings: GreetSettings) -> None:\n"
        '    print(f"hello, {settings.person}")\n',
        encoding="utf-8",
    )
    table = package / "main.py"
    row = 'COMMANDS = {\n    "greet": ("greeting:greet", "config:GreetSettings"),\n'
    text = table.read_text(encoding="utf-8").replace("COMMANDS = {\n", row, 1)
    table.write_text(text, encoding="utf-8")

    def run(argument: str, *variables: str) -> str:
        python = ("env", f"PYTHONPATH={tmp_path / 'src'}", *variables, "python")
        program = ("-m", f"{package.name}.main", argument)
        return project.run(*python, *program, folder=tmp_path)

    assert run("greet").endswith("hello, you\n")
    ada = run("greet", f"{package.name.upper()}_PERSON=Ada")
    assert ada.endswith("hello, Ada\n")
    with (tmp_path / "configs/train.yaml").open("a", encoding="utf-8") as settings:
        settings.write("person: Grace\n")
    assert run("greet").endswith("hello, Grace\n")
    assert re.search(r"greet +Greet somebody", run("--help"))


@pytest.mark.parametrize(
    ("framework", "extras", "target"),
    [
        pytest.param(*row, marks=[] if row[:2] in ALWAYS else [pytest.mark.matrix])
        for row in FEWER
    ],
)
def test_its_own_tests_pass_with_fewer_extras(
    framework: str, extras: str, target: str, installed: Installed
) -> None:
    project = installed(framework, extras=extras, deploy_target=target)
    shown = project.run("make", "test")
    assert "Required test coverage of 90.0% reached" in shown
    assert project.changes() == ""


def test_the_first_command_of_its_readme_does_what_the_readme_shows(
    project: InstalledProject,
) -> None:
    """The scores are those shown, or nearly: processors round differently."""
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```bash\n(.*?)```.*?```\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    printed = "".join(project.run("bash", "-c", line) for line in block[1].splitlines())
    *scores, model, metrics = block[2].splitlines()
    for line in scores:
        score, _, value = line.partition(": ")
        reached = re.search(rf"^{score}: +(\d+\.\d+)$", printed, re.MULTILINE)
        assert reached is not None and abs(float(reached[1]) - float(value)) <= 0.01
    for line in (model, metrics):
        name = line.partition(":")[0]
        place = re.search(rf"^{name}: +(\S+)$", printed, re.MULTILINE)
        assert place is not None and (project.path / place[1]).exists()
    assert project.changes() == ""


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("extras", ["all", "none"])
def test_its_requirements_are_what_compiling_them_again_gives(
    bake: Callable[..., BakedProject], framework: str, extras: str
) -> None:
    """With fewer extras, files go; the versions in the others stay."""
    project = bake(framework=framework, extras=extras)
    names = [name for name in project.files() if name.startswith("requirements/")]
    before = {name: project.read(name) for name in names}
    # Another build of a library, in a folder of wheels, is not what is committed.
    environment = {k: v for k, v in os.environ.items() if k != "UV_FIND_LINKS"}
    beside = str(Path(sys.executable).parent)  # uv and poe
    environment["PATH"] = os.pathsep.join([beside, environment["PATH"]])
    project.run("poe", "lock", env=environment)
    assert {name: project.read(name) for name in names} == before


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


@pytest.mark.parametrize("framework", IMAGES)
def test_fashion_mnist_is_downloaded_and_learnt(
    framework: str, installed: Installed, mirror: str
) -> None:
    project = installed(framework)
    train = [project.path.name, "train", "--quiet", "--dataset", "fashion_mnist"]
    options = ["--epochs", "5", "--data-url", mirror]
    project.run(*train, *options, "--model-name", "fashion")
    project.run(project.path.name, "evaluate", "--model-name", "fashion")
    report = project.path / "reports/fashion/1/metrics.json"
    metrics = json.loads(report.read_text(encoding="utf-8"))
    assert metrics["images"] == 10_000
    assert metrics["accuracy"] >= 0.86
    manifest = project.path / "models/fashion/1/manifest.json"
    recorded = json.loads(manifest.read_text(encoding="utf-8"))
    head = project.run("git", "rev-parse", "HEAD").strip()
    assert recorded["git_commit"].startswith(head)


def test_a_tampered_download_is_refused(
    installed: Installed, mirror: str, tmp_path: Path
) -> None:
    project = installed("tensorflow")
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
