"""The hook that removes what was not chosen, rendered and then imported."""

import importlib.util
import re
from itertools import chain
from pathlib import Path
from types import ModuleType

import pytest
from cookiecutter.environment import StrictEnvironment

from conftest import ROOT, choices

HOOK = ROOT / "hooks" / "post_gen_project.py"


def load_hook(folder: Path, **answers: str) -> ModuleType:
    """Render the hook as cookiecutter does and import it."""
    usable = {"project_slug": "digits", "ci_provider": "none", **answers}
    source = StrictEnvironment().from_string(HOOK.read_text(encoding="utf-8"))
    file = folder / "rendered_hook.py"
    file.write_text(source.render(cookiecutter=usable), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("rendered_hook", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_only_checked_names_enter_the_source() -> None:
    source = HOOK.read_text(encoding="utf-8")
    pasted = set(re.findall(r"\{\{ cookiecutter\.(\w+) \}\}", source))
    assert source.count("{{") == len(pasted)
    assert pasted <= {"project_slug", *choices()}


@pytest.mark.parametrize("chosen", choices()["ci_provider"])
def test_only_the_files_of_the_chosen_service_stay(tmp_path: Path, chosen: str) -> None:
    hook = load_hook(tmp_path, ci_provider=chosen)
    project = tmp_path / "project"
    for name in chain(*hook.BELONGS_TO.values()):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    expected = sorted(hook.BELONGS_TO.get(("ci_provider", chosen), []))
    for _ in range(2):  # cruft runs it twice
        hook.remove_unchosen(str(project), hook.CHOSEN)
        left = [p.relative_to(project) for p in project.rglob("*") if p.is_file()]
        assert sorted(path.as_posix() for path in left) == expected
    assert not [p for p in project.rglob("*") if p.is_dir() and not any(p.iterdir())]


def test_a_users_own_file_beside_a_removed_one_stays(tmp_path: Path) -> None:
    hook = load_hook(tmp_path, ci_provider="none")
    workflows = tmp_path / "project" / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "ci.yml").touch()
    (workflows / "mine.yml").touch()
    hook.remove_unchosen(str(tmp_path / "project"), hook.CHOSEN)
    assert [path.name for path in workflows.iterdir()] == ["mine.yml"]


def test_the_table_names_questions_and_choices_that_exist(tmp_path: Path) -> None:
    for question, choice in load_hook(tmp_path).BELONGS_TO:
        assert choice in choices()[question]
