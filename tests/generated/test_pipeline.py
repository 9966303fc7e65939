"""dvc.yaml: a step runs when something it goes by has changed, and not otherwise."""

import re
from pathlib import Path

import pytest

from environments import IDENTITY, Installed, InstalledProject

pytestmark = pytest.mark.generated

DVC = ("uvx", "--quiet", "--from", "dvc>=3.60,<4", "dvc")
STEPS = ["train", "evaluate", "export", "explain", "report"]
# Quick to explain by: options of the steps' commands.
QUICK = {"explain": "--explained-rows 3 --background-rows 10 --lime-samples 20"}


class Checkout:
    """A clone of an installed project, which runs in the project's environment."""

    def __init__(self, project: InstalledProject, source: Path, path: Path) -> None:
        """Clone `source` to `path`."""
        self.project, self.path = project, path
        project.run("git", "clone", "-q", str(source), str(path))

    def run(self, *command: str) -> str:
        """Run a command in the clone and return what it printed."""
        return self.project.run(*command, folder=self.path)

    def reproduce(self, *options: str) -> list[str]:
        """Run `dvc repro`, and return the steps that ran, in order."""
        shown = self.run(*DVC, "repro", *options)
        return re.findall(r"Running stage '(\w+)'", shown)

    def change(self, name: str, **values: object) -> None:
        """Change settings in a YAML file of the project."""
        path = self.path / name
        text = path.read_text(encoding="utf-8")
        for setting, value in values.items():
            text, count = re.subn(rf"(?m)^{setting}: .*$", f"{setting}: {value}", text)
            assert count == 1, setting
        path.write_text(text, encoding="utf-8")

    def give_options(self, options: dict[str, str]) -> None:
        """Write options behind the commands of steps in dvc.yaml."""
        path = self.path / "dvc.yaml"
        text = path.read_text(encoding="utf-8")
        for step, given in options.items():
            text, count = re.subn(rf"(cmd: \S+ {step} .*)", rf"\1 {given}", text)
            assert count == 1, step
        path.write_text(text, encoding="utf-8")

    def commit(self, message: str) -> None:
        """Commit all changes."""
        self.run("git", "add", "--all")
        self.run("git", *IDENTITY, "commit", "-qm", message)


@pytest.mark.parametrize(
    "framework",
    # PyTorch's is TensorFlow's; the next test has a table.
    [
        "tensorflow",
        pytest.param("pytorch", marks=pytest.mark.matrix),
        pytest.param("scikit-learn", marks=pytest.mark.matrix),
    ],
)
def test_only_what_has_changed_runs_again(
    framework: str, installed: Installed, tmp_path: Path
) -> None:
    project = installed(framework)
    work = Checkout(project, project.path, tmp_path / "work")
    fewer = {"folds": 2} if framework == "scikit-learn" else {"epochs": 2}
    work.give_options(QUICK)
    work.change("configs/train.yaml", **fewer)
    assert sorted(work.reproduce()) == sorted(STEPS)
    assert work.run("git", "status", "--porcelain").split() == [
        *("M", "configs/train.yaml"),
        *("M", "dvc.yaml"),
        *("??", "dvc.lock"),
    ]
    work.give_options({"explain": "--seed 2"})
    assert work.reproduce() == ["explain", "report"]
    assert work.reproduce() == []
    # The rest is only asked what would run: that is not worth the minutes.
    (package,) = (work.path / "src").iterdir()
    for name in ("serving/app.py", "explaining/methods.py"):
        with (package / name).open("a", encoding="utf-8") as file:
            file.write("# A remark.\n")
    assert work.reproduce("--dry")[0] == "explain"
    work.change("configs/train.yaml", seed=2)
    assert work.reproduce("--dry")[0] == "train"


def test_data_and_models_follow_git(installed: Installed, tmp_path: Path) -> None:
    project = installed("scikit-learn")
    work = Checkout(project, project.path, tmp_path / "work")
    table = work.path / "data" / "raw" / "people.csv"
    table.parent.mkdir(parents=True)
    rows = [f"{age},{'yes' if age > 50 else 'no'}\n" for age in range(18, 90)]
    table.write_text("".join(["age,paid\n", *rows]), encoding="utf-8")
    work.give_options(QUICK)
    work.change("configs/train.yaml", data="data/raw/people.csv", folds=2)
    pipeline = work.path / "dvc.yaml"
    text = pipeline.read_text(encoding="utf-8")
    assert "# - data/houses.csv" in text
    text = text.replace("# - data/houses.csv", "- data/raw/people.csv")
    pipeline.write_text(text, encoding="utf-8")
    work.run(*DVC, "add", "data/raw/people.csv")
    work.run("poe", "schema", "--target", "paid", "--task", "classification")
    assert sorted(work.reproduce()) == sorted(STEPS)
    remote = tmp_path / "remote"
    work.run(*DVC, "remote", "add", "--default", "local", str(remote))
    work.commit("A table, a model")
    tracked = work.run("git", "ls-files", "data", "pipeline").split()
    assert tracked == ["data/raw/people.csv.dvc"]
    work.run(*DVC, "push")

    other = Checkout(project, work.path, tmp_path / "other")
    assert not (other.path / "data/raw/people.csv").exists()
    other.run(*DVC, "pull")
    assert other.reproduce() == []
    assert (other.path / "data/raw/people.csv").read_bytes() == table.read_bytes()
    shown = other.run("poe", "registry", "verify", "--models-dir", "pipeline/models")
    assert "version 1: " in shown and "all as written" in shown
    assert other.run("git", "status", "--porcelain") == ""

    with table.open("a", encoding="utf-8") as file:
        file.write("90,yes\n")
    assert work.reproduce("--dry")[0] == "train"
