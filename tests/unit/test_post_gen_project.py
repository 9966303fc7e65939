"""The hook that removes what was not chosen, rendered and then imported."""

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from cookiecutter.environment import StrictEnvironment

from conftest import PROJECT, ROOT, BakedProject, choices, questions
from files_by_choice import CONDITIONS, NEEDED_BY, unchosen_files

HOOK = ROOT / "hooks" / "post_gen_project.py"


def load_hook(folder: Path, **answers: str) -> ModuleType:
    """Render the hook as cookiecutter does and import it."""
    defaults = {question: allowed[0] for question, allowed in choices().items()}
    usable = {"project_slug": "digits", "package_name": "digits", **defaults, **answers}
    environment = StrictEnvironment(context={"cookiecutter": questions()})
    source = environment.from_string(HOOK.read_text(encoding="utf-8"))
    file = folder / "rendered_hook.py"
    file.write_text(source.render(cookiecutter=usable), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("rendered_hook", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_only_checked_names_enter_the_source() -> None:
    pasted = re.findall(r"\{\{ (.+?) \}\}", HOOK.read_text(encoding="utf-8"))
    filters = ["unchosen_files", "is_new"]
    assert pasted == [
        "cookiecutter.project_slug",
        *(f"cookiecutter | {name}" for name in filters),
    ]


@pytest.mark.parametrize(
    ("question", "chosen"),
    [(question, choice) for question in choices() for choice in choices()[question]],
)
def test_only_the_files_that_a_choice_needs_stay(
    tmp_path: Path, question: str, chosen: str
) -> None:
    hook = load_hook(tmp_path, **{question: chosen})
    project = tmp_path / "project"
    answers = {key: allowed[0] for key, allowed in choices().items()}
    answers |= {question: chosen, "package_name": "digits"}
    for name in CONDITIONS:
        file = project / name.replace("{{cookiecutter.package_name}}", "digits")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    expected = sorted(
        name.replace("{{cookiecutter.package_name}}", "digits")
        for name, needing in CONDITIONS.items()
        if all(answers[key] in allowed for key, allowed in needing.items())
    )
    for _ in range(2):  # cruft runs it twice
        hook.remove_unchosen(str(project), hook.UNCHOSEN)
        left = [p.relative_to(project) for p in project.rglob("*") if p.is_file()]
        assert sorted(path.as_posix() for path in left) == expected
    assert not [p for p in project.rglob("*") if p.is_dir() and not any(p.iterdir())]


def test_a_users_own_file_beside_a_removed_one_stays(tmp_path: Path) -> None:
    hook = load_hook(tmp_path, ci_provider="none")
    workflows = tmp_path / "project" / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "ci.yml").touch()
    (workflows / "mine.yml").touch()
    hook.remove_unchosen(str(tmp_path / "project"), hook.UNCHOSEN)
    assert [path.name for path in workflows.iterdir()] == ["mine.yml"]


def test_the_table_names_choices_and_files_that_exist() -> None:
    project = ROOT / PROJECT
    for question, needing, files in NEEDED_BY:
        assert needing < set(choices()[question])
        assert [name for name in files if not (project / name).is_file()] == []


@pytest.mark.parametrize("options", [(), ("--accept-hooks", "no")])
def test_a_render_has_the_files_it_needs_without_the_hook_too(
    bake: Callable[..., BakedProject], options: tuple[str, ...]
) -> None:
    for framework in choices()["framework"]:
        answers = {"framework": framework, "ci_provider": "github"}
        files = set(bake(*options, package_name="digits", **answers).files())
        answers |= {"deploy_target": "kubernetes", "package_name": "digits"}
        answers |= {"experiment_tracking": "mlflow"}
        assert files.isdisjoint(unchosen_files(answers).split())


def test_whoever_makes_a_project_is_told_how_to_go_on(
    bake: Callable[..., BakedProject],
) -> None:
    said = bake(project_slug="digits").stdout
    assert "Created digits. Next:\n\n  cd digits\n" in said
