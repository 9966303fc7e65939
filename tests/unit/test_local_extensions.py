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
from jinja2 import DictLoader
from markdown_it import MarkdownIt

from answers.checks import Problem
from answers.filters import extras, markdown, quoted, record, template_version
from conftest import PROJECT, ROOT, questions
from local_extensions import AnswersExtension, literal, message

SETTINGS = {k: v for k, v in questions().items() if k[0] == "_" and k[1] != "_"}
USABLE = {
    **{k: v for k, v in questions().items() if not k.startswith("_")},
    **SETTINGS,
    "project_name": "Handwritten Digits",
    "project_description": "Train, evaluate and use an image classifier.",
    "project_slug": "handwritten-digits",
    "package_name": "handwritten_digits",
}
SOURCES = st.text(
    st.characters() | st.sampled_from("{}%#\"'\\\n\t\u2028"), max_size=40
) | st.sampled_from(
    ["{{ 7*7 }}", "{% raw %}", "{# x", "#% if x", "{{", "\\N{BULLET} {{", "{{\n"]
)
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
    return StrictEnvironment(
        context={"cookiecutter": SETTINGS},
        keep_trailing_newline=True,
        **SETTINGS["_jinja2_env_vars"],
    )


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


@pytest.mark.parametrize(
    ("answer", "normalised"),
    [
        ("serve,explain,track", "serve,explain,track"),
        (" Track,  serve serve ", "serve,track"),
        ("all", "serve,explain,report,monitor,track,ray"),
        ("none", ""),
    ],
)
def test_extras_are_in_order_once_each(answer: str, normalised: str) -> None:
    assert extras(answer) == normalised


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


def test_an_answer_that_looks_like_a_pasted_one_is_rendered_as_itself(
    environment: StrictEnvironment,
) -> None:
    answer = environment.from_string("{{ cookiecutter.author_name }}")
    rendered = answer.render(cookiecutter={"author_name": "Ada"})
    assert rendered == "{{ cookiecutter.author_name }}"


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
        pytest.param("_jinja2_env_vars", None, id="no-jinja-settings"),
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
