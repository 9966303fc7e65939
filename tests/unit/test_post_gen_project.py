"""The hook that removes what was not chosen, rendered and then imported."""

import importlib.util
import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from types import ModuleType

import pytest
from cookiecutter.environment import StrictEnvironment

from conftest import ROOT, BakedProject, choices

HOOK = ROOT / "hooks" / "post_gen_project.py"


def load_hook(folder: Path, **answers: str) -> ModuleType:
    """Render the hook as cookiecutter does and import it."""
    defaults = {question: allowed[0] for question, allowed in choices().items()}
    usable = {"project_slug": "digits", "package_name": "digits", **defaults, **answers}
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
    assert pasted <= {"project_slug", "package_name", *choices()}


@pytest.mark.parametrize(
    ("question", "chosen"),
    [(question, choice) for question in choices() for choice in choices()[question]],
)
def test_only_the_files_that_a_choice_needs_stay(
    tmp_path: Path, question: str, chosen: str
) -> None:
    hook = load_hook(tmp_path, **{question: chosen})
    project = tmp_path / "project"
    for name in chain(*(files for _, _, files in hook.NEEDED_BY)):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    needed = (
        files for key, allowed, files in hook.NEEDED_BY if hook.CHOSEN[key] in allowed
    )
    expected = sorted(chain(*needed))
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


def test_the_table_names_what_exists(
    tmp_path: Path, chosen_project: Callable[[str, str], BakedProject]
) -> None:
    for question, allowed, files in load_hook(tmp_path).NEEDED_BY:
        assert allowed < set(choices()[question])
        for choice in allowed:
            project = chosen_project(question, choice)
            package = next((project.path / "src").iterdir()).name
            named = {name.replace("/digits/", f"/{package}/") for name in files}
            assert named <= set(project.files())
