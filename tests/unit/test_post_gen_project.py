"""The hook that removes what was not chosen, rendered and then imported."""

import importlib.util
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType

import pytest
from cookiecutter.environment import StrictEnvironment

from answers.filters import EXTRAS
from conftest import ROOT, choices, isolated_environment, questions

HOOK = ROOT / "hooks" / "post_gen_project.py"
NAMES = {"project_slug": "digits", "package_name": "digits"}


def load_hook(folder: Path, **answers: str) -> ModuleType:
    """Render the hook as cookiecutter does and import it."""
    defaults = {question: allowed[0] for question, allowed in choices().items()}
    private = {"__extras": ",".join(EXTRAS), "__data_kind": "images"}
    settings = {"context": {"cookiecutter": questions()}}
    environment = StrictEnvironment(**settings, **questions()["_jinja2_env_vars"])
    source = environment.from_string(HOOK.read_text(encoding="utf-8"))
    file = folder / "rendered_hook.py"
    usable = NAMES | defaults | private | answers
    file.write_text(source.render(cookiecutter=usable), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("rendered_hook", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_only_checked_names_enter_the_source() -> None:
    pasted = re.findall(r"\{\{ (.+?) \}\}", HOOK.read_text(encoding="utf-8"))
    assert {re.sub(r".*\b(cookiecutter[.\w]*).*", r"\1", line) for line in pasted} == {
        "cookiecutter",
        *(f"cookiecutter.{question}" for question in ("framework", "ci_provider")),
        *(f"cookiecutter.{name}" for name in ("__data_kind", "__extras")),
        *(f"cookiecutter.{name}" for name in ("project_slug", "deploy_target")),
    }


def test_the_table_names_files_and_choices_that_exist(tmp_path: Path) -> None:
    hook = load_hook(tmp_path)
    known = {"images", "tabular", "container", *EXTRAS}
    known |= {c for key in ("framework", "ci_provider") for c in choices()[key]}
    known |= {*choices()["deploy_target"]} - {"none"}
    for pattern, needed in hook.NEEDS.items():
        assert [name for name in hook.TEMPLATE_FILES if fnmatch(name, pattern)], pattern
        assert set(needed.split()) <= known


def test_what_was_not_chosen_goes_and_a_users_own_files_stay(tmp_path: Path) -> None:
    hook = load_hook(tmp_path, ci_provider="none", __extras="serve")
    project = tmp_path / "project"
    mine = {".github/workflows/mine.yml", "src/digits/explaining/mine.py"}
    for name in {*hook.TEMPLATE_FILES, *mine}:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    for _ in range(2):  # cruft runs it again
        hook.remove(str(project), hook.unchosen(hook.TEMPLATE_FILES, hook.CHOSEN))
        left = {p.relative_to(project).as_posix() for p in project.rglob("*.*")}
        assert mine <= left
        assert "src/digits/serving/server.py" in left
        gone = (".github/", "src/digits/explaining/", "src/digits/reporting/")
        assert {name for name in left if name.startswith(gone)} - mine == {
            ".github/workflows"
        } & left
        folders = [p for p in project.rglob("*") if p.is_dir()]
        assert [folder for folder in folders if not any(folder.iterdir())] == []


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe of a shell")
@pytest.mark.parametrize("reader", ["cat", "head -n 0"])
def test_whoever_makes_a_project_is_told_how_to_go_on_if_he_listens(
    tmp_path: Path, reader: str
) -> None:
    command = f"{sys.executable} -m cookiecutter {ROOT} --no-input --default-config"
    done = subprocess.run(
        ["bash", "-c", f"{command} project_slug=digits | {reader}"],
        cwd=tmp_path,
        env=isolated_environment(tmp_path),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
    assert ("Created digits. Next:\n\n  cd digits\n" in done.stdout) == (
        reader == "cat"
    )
    assert (tmp_path / "digits" / "src" / "digits" / "main.py").is_file()
