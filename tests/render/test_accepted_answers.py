"""Odd answers that are fine: they come back unchanged from every file."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from any_answers import Place
from conftest import REPLAY_RECORD, BakedProject, bake_into, choices
from readback import contents, misread, unparsable

Bake = Callable[..., BakedProject]
Chosen = Callable[[str, str], BakedProject]

ODD_TEXTS = {
    "quotes": 'say "hi"',
    "apostrophe": "it's Ada's",
    "backslashes": "C:\\new\\table\\",
    "jinja-expression": "{{ 7*7 }}",
    "jinja-attack": "{{ ''.__class__.__mro__ }}",
    "jinja-statement": "{% raw %}",
    "jinja-comment": "{# gone #}",
    "jinja-line": "#% if gone",
    "jinja-own-string": "{{cookiecutter.package_name}} {{",
    "hash": "# not a comment",
    "command-substitution": "$(touch pwned) `touch pwned` ; touch pwned",
    "emoji": "👩\u200d🔬 🎉",
    "accents": "Ünïcödé Ñandú",
    "chinese": "手写数字",
    "arabic": "تصنيف الصور",
    "hebrew": "זיהוי ספרות",
    "triple-quotes": '"""',
    "triple-apostrophes": "'''",
    "html": "</script><b>&amp;",
    "markdown-link": "[x](y) *z*",
    "percent": "100% %s %(x)s %PATH%",
    "unicode-escape": "\\N{BULLET} \\u0041 \\x41",
    "number-reference": "&#99999999999; &#55296;",
    "colon-and-dash": "a: - b",
}


THREES = list(zip(*[iter(ODD_TEXTS.items())] * 3, strict=True))


@pytest.mark.parametrize(
    "texts",
    [[t for _, t in three] for three in THREES],
    ids=["-".join(name for name, _ in three) for three in THREES],
)
def test_an_odd_text_is_data_everywhere(place: Place, texts: list[str]) -> None:
    """Three at a time: one as the name, one as the summary, one as the author."""
    answers = {"project_name": f"Demo {texts[0]}", "project_slug": "demo"}
    answers |= {"project_description": f"{texts[1]} demo", "author_name": texts[2]}
    project = place.attempt("key=value", answers).project
    assert project
    assert {**place.recorded(), **answers} == place.recorded()
    assert list(misread(project, place.recorded())) == []
    files = [name.removeprefix("out/demo/") for name in place.left()]
    assert not [name for name in files if "pwned" in name]
    assert list(unparsable(contents(project, files))) == []


def test_an_odd_text_from_a_configuration_file_is_data(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    text = '{{ 7*7 }} {% raw %} """ \\'
    file.write_text(json.dumps({"default_context": {"author_name": text}}), "utf-8")
    project = bake_into(tmp_path, config_file=file)
    metadata = tomllib.loads(project.read("pyproject.toml"))["project"]
    assert metadata["authors"][0]["name"] == text


def test_a_replay_gives_the_same_project(bake: Bake, tmp_path: Path) -> None:
    first = bake(author_name="{{ 7*7 }}")
    record = tmp_path / "bake-0" / "home" / REPLAY_RECORD
    again = bake(replay_file=record)
    assert again.exit_code == 0, again.stderr
    assert everything(again) == everything(first)


def test_two_renders_are_identical(bake: Bake, default_project: BakedProject) -> None:
    assert everything(bake()) == everything(default_project)


def test_a_second_render_over_the_first_changes_nothing(
    bake: Bake, tmp_path: Path
) -> None:
    before = everything(bake())
    again = bake_into(tmp_path / "bake-0", "--overwrite-if-exists")
    assert again.exit_code == 0, again.stderr
    assert everything(again) == before


def test_no_cache_or_template_file_is_rendered(default_project: BakedProject) -> None:
    for name in default_project.files():
        assert "cookiecutter" not in name or name == ".cookiecutter.json"
        assert "{{" not in name
        assert "__pycache__" not in name and not name.endswith(".pyc")
        assert "_cache/" not in name


@pytest.mark.parametrize("license_name", choices()["license"])
def test_the_licence_is_the_chosen_one(
    chosen_project: Chosen, license_name: str
) -> None:
    project = chosen_project("license", license_name)
    text = project.read("LICENSE")
    first = {
        "mit": "MIT License",
        "apache-2.0": "Apache License",
        "bsd-3-clause": "BSD 3-Clause License",
        "proprietary": "All rights reserved.",
    }
    assert first[license_name] in text
    assert re.search(r"Copyright (\(c\) )?\d{4},? Your Name", text)
    metadata = tomllib.loads(project.read("pyproject.toml"))["project"]
    assert metadata["license"].lower().removeprefix("licenseref-") == license_name


@pytest.mark.parametrize("provider", choices()["ci_provider"])
def test_only_the_chosen_service_is_configured(
    chosen_project: Chosen, provider: str
) -> None:
    project = chosen_project("ci_provider", provider)
    configured = {
        service
        for service, start in {"github": ".github/", "gitlab": ".gitlab"}.items()
        if any(name.startswith(start) for name in project.files())
    }
    assert configured == {provider} - {"none"}
    assert not (project.path / ".github").exists() or provider == "github"


@pytest.mark.parametrize("framework", choices()["framework"])
def test_without_tracking_nothing_speaks_of_mlflow(bake: Bake, framework: str) -> None:
    project = bake(framework=framework, extras="none")
    assert project.exit_code == 0, project.stderr
    named = [
        name
        for name in project.files()
        if "mlflow" in f"{name}\n{project.read(name)}".lower()
    ]
    assert named == []


@pytest.mark.parametrize("version", choices()["python_version"])
def test_the_preferred_python_is_the_answer(
    chosen_project: Chosen, version: str
) -> None:
    project = chosen_project("python_version", version)
    assert project.read(".python-version") == f"{version}\n"


def everything(project: BakedProject) -> dict[str, bytes]:
    """Return every file of a project with its bytes."""
    return contents(project.path, project.files())
