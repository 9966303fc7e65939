"""Code that is imported anew when the template's files are of another commit."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import PROJECT, ROOT
from fresh_import import state_of

# What `cruft update` does: one process, one folder, another commit in between. Both
# files get the same length and time, so that bytecode of the first would seem current.
TWO_COMMITS = """
import os, pathlib, sys
sys.path.append(sys.argv[1])
from fresh_import import import_anew
folder = pathlib.Path(sys.argv[1]).resolve()
for word in ["old", "new"]:
    (folder / "helper.py").write_text(f"WORD = {word!r}")
    os.utime(folder / "helper.py", (1, 1))
    print(import_anew("entry", folder).helper.WORD)
"""


def make_template(folder: Path) -> Path:
    """Make what `state_of` looks at."""
    below = folder / PROJECT / "src"
    below.mkdir(parents=True)
    (below / "main.py").touch()
    (folder / "hooks").mkdir()
    for name in ("filters.py", "cookiecutter.json", "hooks/post_gen_project.py"):
        (folder / name).write_text("before")
    return folder


def test_the_same_files_are_the_same_state(tmp_path: Path) -> None:
    make_template(tmp_path)
    before = state_of(tmp_path)
    (tmp_path / "README.md").touch()
    assert state_of(tmp_path) == before


@pytest.mark.parametrize(
    "name", ["filters.py", "cookiecutter.json", "hooks/post_gen_project.py"]
)
def test_another_content_is_another_state(tmp_path: Path, name: str) -> None:
    make_template(tmp_path)
    before = state_of(tmp_path)
    (tmp_path / name).write_text("behind")  # as long as before
    assert state_of(tmp_path) != before


def test_another_path_is_another_state(tmp_path: Path) -> None:
    project = make_template(tmp_path) / PROJECT
    before = state_of(tmp_path)
    (project / "src" / "main.py").rename(project / "main.py")
    moved = state_of(tmp_path)
    (project / "src").rename(project / "source")
    assert len({before, moved, state_of(tmp_path)}) == 3


def test_code_is_imported_anew_with_what_it_imports(tmp_path: Path) -> None:
    shutil.copy(ROOT / "fresh_import.py", tmp_path)
    (tmp_path / "entry.py").write_text("import helper")
    done = subprocess.run(
        [sys.executable, "-c", TWO_COMMITS, str(tmp_path)],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["old", "new"], done.stderr
