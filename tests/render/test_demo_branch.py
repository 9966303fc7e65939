"""tools/demo_branch.py renders presets into a branch, of a bare repository here."""

import subprocess
from pathlib import Path

import pytest

from conftest import ROOT, choices
from tools import demo_branch


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty repository to push to."""
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    return bare


@pytest.fixture(autouse=True)
def one_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Render one preset instead of all, and leave the user's home alone."""
    presets = tmp_path / "presets"
    presets.mkdir()
    student = (ROOT / "presets/student.yaml").read_text(encoding="utf-8")
    (presets / "student.yaml").write_text(student, encoding="utf-8")
    monkeypatch.setattr(demo_branch, "PRESETS", presets)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))


def git(repository: Path, *arguments: str) -> list[str]:
    """Return the lines that git prints."""
    command = ["git", "-C", str(repository), *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    return done.stdout.splitlines()


def test_every_framework_is_rendered_and_pushed_once(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    demo_branch.main([repository.name, "--label", "v1.2.0"])
    assert git(repository, "log", "--format=%s", "demo") == ["Render v1.2.0"]
    files = git(repository, "ls-tree", "-r", "--name-only", "demo")
    for framework in choices()["framework"]:
        below = [name for name in files if name.startswith(f"student-{framework}/")]
        tree = ROOT / f"tests/golden/trees/student-{framework}.txt"
        names = {name.split("/", 2)[2] for name in below}
        assert names == set(tree.read_text(encoding="utf-8").split())
        page = "\n".join(git(repository, "show", "demo:README.md"))
        assert f"- [student-{framework}](student-{framework}/" in page

    assert not demo_branch.publish(str(repository), "demo", "v1.2.1")
    assert len(git(repository, "log", "--format=%s", "demo")) == 1


def test_what_is_no_longer_rendered_goes_and_history_stays(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = ["old.txt"]

    def render(preset: Path, framework: str, folder: Path) -> str:
        (folder / "project").mkdir()
        (folder / "project" / rendered[0]).write_text(framework, encoding="utf-8")
        return "project"

    monkeypatch.setattr(demo_branch, "render", render)
    assert demo_branch.publish(str(repository), "demo", "v1")
    rendered[0] = "new.txt"
    assert demo_branch.publish(str(repository), "demo", "v2")
    assert git(repository, "log", "--format=%s", "demo") == ["Render v2", "Render v1"]
    files = git(repository, "ls-tree", "-r", "--name-only", "demo")
    assert {name.rpartition("/")[2] for name in files} == {"README.md", "new.txt"}


def test_a_repository_that_is_not_there_is_a_message(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="git ls-remote failed: .*no-such"):
        demo_branch.publish(str(tmp_path / "no-such"), "demo", "v1")
