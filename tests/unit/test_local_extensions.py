"""The filters, the literal answers and the guard, in a Jinja environment."""

import ast
import html
import json
import os
import tomllib
from pathlib import Path

import pytest
import yaml
from cookiecutter.environment import StrictEnvironment
from hypothesis import assume, example, given
from hypothesis import strategies as st
from jinja2 import (
    ChoiceLoader,
    DictLoader,
    FileSystemLoader,
    TemplateNotFound,
    UndefinedError,
)
from markdown_it import MarkdownIt

from answer_checks import Problem
from answer_filters import (
    cluster,
    container,
    fixture_modules,
    markdown,
    quoted,
    record,
    template_version,
    tracker,
    tracking_file,
)
from conftest import PROJECT, ROOT, questions
from local_extensions import AnswersExtension, literal
from unfinished import message

CONTEXT = {"cookiecutter": {"_extensions": ["local_extensions.AnswersExtension"]}}
USABLE = {
    **{k: v for k, v in questions().items() if not k.startswith("_")},
    "project_name": "Handwritten Digits",
    "project_description": "Train, evaluate and use an image classifier.",
    "project_slug": "handwritten-digits",
    "package_name": "handwritten_digits",
}
SOURCES = st.text(
    st.characters() | st.sampled_from("{}%#\"'\\\n\t\u2028"), max_size=40
) | st.sampled_from(["{{ 7*7 }}", "{% raw %}", "{# x", "{{", "\\N{BULLET} {{", "{{\n"])
# Text that the check accepts, and more: only what no UTF-8 file can hold is missing.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
PROSE = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
    | st.sampled_from("\\`*_{}[]()#+-.!|<>&~$=:\"' 1"),
    min_size=1,
    max_size=30,
)


@pytest.fixture(name="environment")
def make_environment() -> StrictEnvironment:
    return new_environment()


def new_environment() -> StrictEnvironment:
    """Make the environment that cookiecutter makes."""
    return StrictEnvironment(context=CONTEXT, keep_trailing_newline=True)


ENVIRONMENT = new_environment()


@given(TEXTS)
@example('"""')
@example("'''")
@example("\\N{BULLET} \\u0041 %s")
@example("\x7f\x80\x85\u2028\ufeff\uffff😀")
def test_quoted_reads_back_the_same_in_every_format(text: str) -> None:
    line = quoted(text)
    assert "\n" not in line
    assert json.loads(line) == text
    assert ast.literal_eval(line) == text
    assert tomllib.loads(f"x = {line}")["x"] == text
    assert yaml.safe_load(f"x: {line}\ny: 1")["x"] == text


def test_quoted_keeps_letters_of_any_language_readable() -> None:
    assert quoted("北京 café 😀") == '"北京 café 😀"'


@given(st.dictionaries(TEXTS, TEXTS))
def test_what_a_project_remembers_reads_back(answers: dict[str, str]) -> None:
    private = {"_template": "/home/ada/template", "__data_kind": "images"}
    remembered = json.loads(record({**private, **answers}))
    assert remembered.pop("_template_version") == template_version()
    assert remembered == {k: v for k, v in answers.items() if k[:1] != "_"}


def test_the_version_of_the_template_is_that_of_its_pyproject() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert template_version() == pyproject["project"]["version"]


@given(PROSE)
@example("1. not a list")
@example("- not a list")
@example("---")
@example("===")
@example("+ x")
@example(r"\*x\* `y` **z** __a__ ~~b~~ <b>c</b> &copy; [d](e) ![f](g) # h | i | $j$")
@example("{{ 7*7 }} {% raw %}")
def test_markdown_shows_the_text_as_it_is(text: str) -> None:
    text = text.strip()
    assume(text)
    shown = MarkdownIt("js-default").render(f"before\n\n{markdown(text)}\n\nafter\n")
    paragraph = shown.removeprefix("<p>before</p>\n").removesuffix("<p>after</p>\n")
    assert paragraph.startswith("<p>") and paragraph.endswith("</p>\n")
    assert html.unescape(paragraph[3:-5]) == text


@given(PROSE)
def test_markdown_shows_the_text_as_it_is_below_a_line_and_in_a_heading(
    text: str,
) -> None:
    text = text.strip()
    assume(text)
    shown = MarkdownIt("js-default").render(f"line\n{markdown(text)}\n")
    assert html.unescape(shown) == f"<p>line\n{text}</p>\n"
    shown = MarkdownIt("js-default").render(f"# {markdown(text)}\n")
    assert html.unescape(shown) == f"<h1>{text}</h1>\n"


def test_markdown_leaves_plain_prose_alone() -> None:
    text = "Train, evaluate (and use) an image classifier - it's 97.5 % right!"
    assert markdown(text) == text


@pytest.mark.parametrize(
    ("target", "images", "manifests"),
    [
        ("kubernetes", "docker", "kubernetes"),
        ("docker", "docker", "none"),
        ("none", "none", "none"),
    ],
)
def test_a_cluster_needs_images_and_images_need_no_cluster(
    target: str, images: str, manifests: str
) -> None:
    assert target in questions()["_choices"]["deploy_target"]
    assert (container(target), cluster(target)) == (images, manifests)


@pytest.mark.parametrize(
    ("answer", "variant", "file", "option", "plugins"),
    [
        (
            "mlflow",
            "mlflow",
            " requirements/tracking.txt",
            " -r requirements/tracking.txt",
            "patient samples tracked untracked",
        ),
        ("none", "untracked", "", "", "patient samples"),
    ],
)
def test_what_records_runs_is_installed_and_switched_off_in_tests(
    answer: str, variant: str, file: str, option: str, plugins: str
) -> None:
    assert answer in questions()["_choices"]["experiment_tracking"]
    assert tracker(answer) == variant
    assert (ROOT / "templates" / variant / "src/recording.py").is_file()
    assert (tracking_file(answer), tracking_file(answer, "-r ")) == (file, option)
    assert fixture_modules(answer) == plugins


@given(SOURCES)
def test_an_answer_is_rendered_as_itself(text: str) -> None:
    assume("\r" not in text)  # Jinja turns these into \n, and the check refuses both
    assert ENVIRONMENT.from_string(text).render(cookiecutter={}) == text


@given(SOURCES)
def test_a_literal_prints_its_text(text: str) -> None:
    assume("\r" not in text)
    source = literal(text)
    environment = new_environment()
    environment.loader = DictLoader({"file": source})
    assert environment.get_template("file").render(cookiecutter={}) == text


def test_the_templates_own_strings_are_rendered(environment: StrictEnvironment) -> None:
    source = questions()["package_name"]
    rendered = environment.from_string(source).render(
        cookiecutter={"project_slug": "a-b"}
    )
    assert rendered == "a_b"


@pytest.mark.parametrize("above", ["", "{{ 7*7 }}"], ids=["plain", "jinja-in-target"])
def test_the_templates_own_paths_are_rendered(
    environment: StrictEnvironment, tmp_path: Path, above: str
) -> None:
    answers = {**USABLE, "package_name": "a_b"}

    def render(source: str) -> str:
        return str(environment.from_string(source).render(cookiecutter=answers))

    relative = os.path.join("src", "{{cookiecutter.package_name}}", "main.py")
    assert render(relative) == os.path.join("src", "a_b", "main.py")
    project = tmp_path / above / "a-b"
    project.mkdir(parents=True)
    folder = os.path.join(project, ".", "src")
    assert render(
        os.path.join(folder, "{{cookiecutter.package_name}}")
    ) == os.path.join(folder, "a_b")


def test_a_template_file_is_left_alone(environment: StrictEnvironment) -> None:
    extension = AnswersExtension(environment)
    assert extension.preprocess("{{ 7*7 }}", "file.txt") == "{{ 7*7 }}"


def test_what_only_pastes_answers_in_is_not_compiled(
    environment: StrictEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.loader = DictLoader(
        {
            "pasting": "# {{ cookiecutter.project_slug }}\n",
            "including": '{% include "pasting" %}{{ 7*7 }}',
        }
    )
    answers = {"project_slug": "a-b", "package_name": "a_b"}
    including = environment.get_template("including")

    def refuse(source: str, *_: object) -> None:
        raise AssertionError(f"compiles {source!r}")

    monkeypatch.setattr(environment, "compile", refuse)
    pasting = environment.get_template("pasting")
    assert pasting.render(cookiecutter=answers) == "# a-b\n"
    assert including.render(cookiecutter=answers) == "# a-b\n49"
    folder = environment.from_string("src/{{cookiecutter.package_name}}")
    assert folder.render(cookiecutter=answers) == "src/a_b"
    plain = environment.from_string("src/main.py")
    assert plain.render(cookiecutter=answers) == "src/main.py"


def test_an_answer_that_looks_like_a_pasted_one_is_rendered_as_itself(
    environment: StrictEnvironment,
) -> None:
    answer = environment.from_string("{{ cookiecutter.author_name }}")
    rendered = answer.render(cookiecutter={"author_name": "Ada"})
    assert rendered == "{{ cookiecutter.author_name }}"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{ cookiecutter.framework }}, pasted", id="pasted"),
        pytest.param("{% if cookiecutter.framework %}yes{% endif %}", id="compiled"),
        pytest.param("no Jinja, two lines\n\n", id="plain"),
    ],
)
def test_a_variant_is_what_include_gives(
    environment: StrictEnvironment, text: str
) -> None:
    sources = {
        "variant": '{{ cookiecutter.framework | variant("*/models.py") -}}\n',
        "include": '{% include cookiecutter.framework ~ "/models.py" -%}\n',
        "a/models.py": text,
    }
    environment.loader = DictLoader(sources)
    ours, jinjas = (
        environment.get_template(name).render(cookiecutter={"framework": "a"})
        for name in ("variant", "include")
    )
    assert ours == jinjas != ""


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("*/src/missing.py", id="missing"),
        pytest.param("*/src", id="folder"),
        pytest.param("../cookiecutter.json", id="above"),
        pytest.param("*/../../cookiecutter.json", id="above-in-the-middle"),
        pytest.param(str(Path(__file__)), id="absolute"),
    ],
)
def test_a_variant_comes_from_nowhere_else(
    environment: StrictEnvironment, path: str
) -> None:
    line = '{{ cookiecutter.framework | variant("%s") }}' % path
    files = FileSystemLoader(ROOT / "templates")
    environment.loader = ChoiceLoader([DictLoader({"models.py": line}), files])
    template = environment.get_template("models.py")
    with pytest.raises(TemplateNotFound) as refused:
        template.render(cookiecutter={"framework": "tensorflow"})
    assert refused.value.name == path.replace("*", "tensorflow")


def test_a_text_of_a_misspelt_answer_is_refused(environment: StrictEnvironment) -> None:
    line = '{{ cookiecutter.framwork | variant("models/*.py") }}'
    environment.loader = DictLoader({"models.py": line})
    template = environment.get_template("models.py")
    with pytest.raises(UndefinedError, match="framwork"):
        template.render(cookiecutter={"framework": "tensorflow"})


def test_the_folder_has_a_name_for_checked_answers_only(
    environment: StrictEnvironment, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {**USABLE, "project_slug": "../../x", "_template": "gh:someone/this"}
    folder = environment.from_string(PROJECT)
    with pytest.raises(SystemExit) as stopped:
        folder.render(cookiecutter=answers)
    assert stopped.value.code == 1
    shown = capsys.readouterr().err
    assert "project_slug: '../../x' holds '..'" in shown
    assert "cookiecutter gh:someone/this --no-input" in shown


def test_the_folder_has_no_name_without_the_extension() -> None:
    folder = StrictEnvironment(context={}).from_string(PROJECT)
    with pytest.raises(UndefinedError, match="'checked' is undefined"):
        folder.render(cookiecutter=USABLE)


def test_a_private_name_that_does_not_follow_is_refused(
    environment: StrictEnvironment, capsys: pytest.CaptureFixture[str]
) -> None:
    check = environment.filters["check_answers"]
    right = {**USABLE, "__env_prefix": "HANDWRITTEN_DIGITS_"}
    assert check(environment, right) == "yes"
    with pytest.raises(SystemExit):
        check(environment, {**right, "__env_prefix": "$(id)"})
    shown = capsys.readouterr().err
    assert "__env_prefix: '$(id)' does not follow" in shown
    assert "__env_prefix=" not in shown


def test_choices_in_the_answers_do_not_widen_the_choices(
    environment: StrictEnvironment,
) -> None:
    answers = {**USABLE, "license": "x", "_choices": {"license": ["x"]}}
    with pytest.raises(SystemExit):
        environment.filters["check_answers"](environment, answers)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("_copy_without_render", ["*"], id="nothing-rendered"),
        pytest.param("_copy_without_render", "*", id="text"),
        pytest.param("_extensions", ["x.Y", "local_extensions.AnswersExtension"]),
        pytest.param("_new_lines", "\r", id="line-ends"),
        pytest.param("_jinja2_env_vars", {"trim_blocks": True}, id="jinja-settings"),
    ],
)
def test_a_setting_of_the_template_is_no_answer(
    environment: StrictEnvironment,
    capsys: pytest.CaptureFixture[str],
    key: str,
    value: object,
) -> None:
    with pytest.raises(SystemExit):
        environment.filters["check_answers"](environment, {**USABLE, key: value})
    shown = capsys.readouterr().err
    assert f"  {key}: is for the template to set, not an answer" in shown
    assert f"{key}=" not in shown


def test_the_message_lists_every_problem_and_one_command() -> None:
    problems = [Problem("a", "'x' is bad", "y"), Problem("b", "'' is empty", "z z")]
    assert message(problems, {"a": "y", "b": "z z"}, "gh:me/it").splitlines()[1:] == [
        "  a: 'x' is bad. Suggestion: y",
        "  b: '' is empty. Suggestion: z z",
        "A corrected command (add the options you gave, such as --output-dir):",
        "  cookiecutter gh:me/it --no-input a=y "
        + ('"b=z z"' if os.name == "nt" else "'b=z z'"),
    ]
