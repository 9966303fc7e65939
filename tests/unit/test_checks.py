"""The rules for the answers, called directly."""

import email.headerregistry
import keyword
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answers.checks import Template, review
from answers.template import read_template
from conftest import choices, questions

TEMPLATE = read_template()
PINNED = Template(
    TEMPLATE.defaults,
    TEMPLATE.choices,
    TEMPLATE.derived,
    frozenset({"numpy", "scikit-learn", "pyyaml", "pre-commit", "pip"}),
)
USABLE = {
    **TEMPLATE.defaults,
    "project_name": "Handwritten Digits",
    "project_description": "Train, evaluate and use an image classifier.",
    "project_slug": "handwritten-digits",
    "package_name": "handwritten_digits",
}


def problems_of(**answers: object) -> dict[str, str]:
    """Return the problems by key when these answers replace usable ones."""
    problems, _ = review({**USABLE, **answers}, PINNED)
    return {problem.key: problem.reason for problem in problems}


def test_usable_answers_have_no_problem() -> None:
    assert problems_of() == {}


def test_the_template_names_what_it_installs() -> None:
    assert {"numpy", "pytest", "hatchling", "uv"} <= TEMPLATE.distributions


@pytest.mark.parametrize("name", sorted(TEMPLATE.distributions))
def test_no_pinned_distribution_is_usable_as_slug_or_package(name: str) -> None:
    package = name.replace("-", "_").replace(".", "_")
    answers = {**USABLE, "project_slug": name, "package_name": package}
    problems, corrected = review(answers, TEMPLATE)
    assert [problem.key for problem in problems] == ["project_slug"]
    assert review(corrected, TEMPLATE)[0] == []


@pytest.mark.parametrize("key", ["project_name", "project_description", "author_name"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param(" \u3000\u200b", "is empty", id="nothing-visible"),
        pytest.param(" padded", "starts or ends with a blank", id="leading-blank"),
        pytest.param("padded\u00a0", "starts or ends with a blank", id="no-break"),
        pytest.param("two\nlines", "control character U+000A", id="newline"),
        pytest.param("a\x00b", "control character U+0000", id="null"),
        pytest.param("a\x1b[31mb", "control character U+001B", id="escape-sequence"),
        pytest.param("a\x7fb", "control character U+007F", id="delete"),
        pytest.param("a\u2028b", "control character U+2028", id="line-separator"),
        pytest.param("a\u202eb", "control character U+202E", id="bidi-override"),
        pytest.param("a\u2066b", "control character U+2066", id="bidi-isolate"),
        pytest.param("a\udcffb", "control character U+DCFF", id="lone-surrogate"),
        pytest.param("x" * 301, "has 301 characters", id="too-long"),
    ],
)
def test_an_unusable_text_is_refused(key: str, text: str, expected: str) -> None:
    assert expected in problems_of(**{key: text})[key]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("👩\u200d🔬 lab", id="joined-emoji"),
        pytest.param("می\u200cخواهم", id="persian-non-joiner"),
        pytest.param("زهرة \u200f(1)", id="direction-mark"),
        pytest.param("שלום עולם", id="hebrew"),
        pytest.param("C:\\temp\\x", id="backslashes"),
        pytest.param("{{ 7*7 }} {% raw %} {# x #}", id="jinja"),
    ],
)
def test_a_text_in_any_language_is_usable(text: str) -> None:
    same = dict.fromkeys(["project_name", "project_description", "author_name"], text)
    assert problems_of(**same) == {}


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        pytest.param("../../x", "holds '..'", id="parent"),
        pytest.param("..", "holds '..'", id="parent-only"),
        pytest.param("a/b", "has a path separator", id="slash"),
        pytest.param("a\\b", "has a path separator", id="backslash"),
        pytest.param("/etc/x", "is an absolute path", id="absolute"),
        pytest.param("\\\\server\\x", "is an absolute path", id="unc"),
        pytest.param("C:\\x", "has a drive letter", id="drive"),
        pytest.param("c:x", "has a drive letter", id="drive-relative"),
        pytest.param("nul", "is a device name", id="device"),
        pytest.param("LPT1", "is a device name", id="device-in-capitals"),
        pytest.param("com\u00b9", "is a device name", id="device-superscript"),
        pytest.param("con.txt", "is a device name", id="device-with-suffix"),
        pytest.param("conin$", "is a device name", id="console-device"),
        pytest.param("3d-shapes", "starts with a digit", id="digit"),
        pytest.param("My-Project", "lower-case letters", id="capitals"),
        pytest.param("a--b", "single dashes", id="double-dash"),
        pytest.param("a-", "single dashes", id="dash-at-the-end"),
        pytest.param("slug\n", "control character", id="newline"),
        pytest.param("a b", "lower-case letters", id="blank"),
        pytest.param("北京", "lower-case letters", id="not-latin"),
        pytest.param("{{x}}", "lower-case letters", id="jinja"),
        pytest.param("a" * 61, "has 61 characters", id="too-long"),
        pytest.param("numpy", "a package that the project installs", id="dependency"),
        pytest.param("python", "is a program", id="interpreter"),
        pytest.param("git", "is a program", id="program"),
        pytest.param("test", "is a program", id="shell-builtin"),
        pytest.param("poe", "is a program", id="installed-program"),
        pytest.param("scikit_learn", "that the project installs", id="normalised"),
        pytest.param("", "no letters or digits", id="empty"),
    ],
)
def test_an_unusable_slug_is_refused(slug: str, expected: str) -> None:
    assert expected in problems_of(project_slug=slug)["project_slug"]


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        pytest.param("class", "is a keyword", id="keyword"),
        pytest.param("None", "is a keyword", id="keyword-in-capitals"),
        pytest.param("print", "is the name of a Python builtin", id="builtin"),
        pytest.param("json", "standard library", id="stdlib"),
        pytest.param("tomllib", "standard library", id="stdlib-added-in-3.11"),
        pytest.param("imp", "standard library", id="stdlib-removed-in-3.12"),
        pytest.param("cgi", "standard library", id="stdlib-removed-in-3.13"),
        pytest.param("sklearn", "that the project installs", id="import-name"),
        pytest.param("yaml", "that the project installs", id="import-name-yaml"),
        pytest.param("pre_commit", "that the project installs", id="underscore"),
        pytest.param("tests", "something else in the project", id="folder"),
        pytest.param("conftest", "something else in the project", id="conftest"),
        pytest.param("my-package", "single underscores", id="dash"),
        pytest.param("_private", "single underscores", id="leading-underscore"),
        pytest.param("naïve", "lower-case letters a-z", id="accent"),
        pytest.param("2fast", "starts with a digit", id="digit"),
        pytest.param("a.b", "lower-case letters a-z", id="dot"),
        pytest.param("../x", "holds '..'", id="parent"),
        pytest.param("aux", "is a device name", id="device"),
        pytest.param("", "is empty", id="empty"),
    ],
)
def test_an_unusable_package_is_refused(package: str, expected: str) -> None:
    assert expected in problems_of(package_name=package)["package_name"]


def test_every_module_of_this_python_is_refused_as_package() -> None:
    modules = {
        name
        for name in sys.stdlib_module_names
        if name.islower() and not name.startswith("_")
    }
    for name in modules | set(keyword.kwlist):
        assert "package_name" in problems_of(package_name=name), name


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param("ada.example.com", "has no '@'", id="no-at"),
        pytest.param("a@b@c", "more than one '@'", id="two-ats"),
        pytest.param("@example.com", "not a plain address", id="no-user"),
        pytest.param("ada@", "not a plain address", id="no-host"),
        pytest.param("Ada <ada@example.com>", "not a plain address", id="brackets"),
        pytest.param('"ada"@example.com', "not a plain address", id="quotes"),
        pytest.param("ada @example.com", "not a plain address", id="blank"),
        pytest.param("ada@example.com\n", "not a plain address", id="newline"),
        pytest.param("ada@exämple.com", "not a plain address", id="accent"),
        pytest.param("a..b@example.com", "not a plain address", id="two-dots"),
        pytest.param("$(id)@example.com", "not a plain address", id="shell"),
        pytest.param(f"a@{'b.' * 130}org", "more than 254", id="too-long"),
    ],
)
def test_an_unusable_address_is_refused(address: str, expected: str) -> None:
    assert expected in problems_of(author_email=address)["author_email"]


@pytest.mark.parametrize(
    "address", ["ada@example.com", "o'brien+ml@mail.example.co.uk", "root@localhost"]
)
def test_a_plain_address_is_usable(address: str) -> None:
    assert problems_of(author_email=address) == {}
    email.headerregistry.Address(addr_spec=address)  # what hatchling does with it


@pytest.mark.parametrize("key", choices())
def test_an_unknown_choice_is_refused_and_the_choices_are_named(key: str) -> None:
    reason = problems_of(**{key: "vaporware"})[key]
    assert reason == f"'vaporware' is not one of {', '.join(choices()[key])}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty (say none)"),
        ("serve,sevre", "'sevre' is not among serve, explain, report, monitor"),
        ("none,serve", "more than one of some names, all, and none"),
        ("all none", "more than one of some names, all, and none"),
    ],
)
def test_unusable_extras_are_refused(text: str, expected: str) -> None:
    assert expected in problems_of(extras=text)["extras"]


@pytest.mark.parametrize("text", ["all", "none", "track", " serve, Explain ", "report"])
def test_extras_in_any_order_and_case_are_usable(text: str) -> None:
    assert problems_of(extras=text) == {}


@pytest.mark.parametrize(
    ("key", "given_text", "suggestion"),
    [
        ("extras", "serve, sevre", "serve"),
        ("extras", "mlflow", "none"),
        ("license", "MIT", "mit"),
        ("license", "apache2", "apache-2.0"),
        ("license", "xyz", "mit"),
        ("python_version", "3.9", "3.12"),
        ("project_slug", "My Great Project!", "my-great-project"),
        ("project_slug", "3d-shapes", "project-3d-shapes"),
        ("project_slug", "../../x", "x"),
        ("project_slug", "numpy", "numpy-project"),
        ("project_slug", "python", "python-project"),
        ("package_name", "json", "json_project"),
        ("package_name", "Café Crème", "cafe_creme"),
        ("author_email", "Ada <ada@example.com>", "ada@example.com"),
        ("author_name", " Ada\tLovelace ", "Ada Lovelace"),
    ],
)
def test_the_suggestion_is_near(key: str, given_text: str, suggestion: str) -> None:
    assert review({**USABLE, key: given_text}, PINNED)[1][key] == suggestion


def test_a_name_without_letters_is_one_problem_and_asks_for_a_slug() -> None:
    problems = problems_of(project_name="🎉", project_slug="", package_name="")
    assert list(problems) == ["project_slug"]
    assert (
        "no letters or digits to derive a folder name from" in problems["project_slug"]
    )
    assert "give project_slug" in problems["project_slug"]


def test_an_empty_name_is_one_problem_with_one_correction() -> None:
    answers = {**USABLE, "project_name": "", "project_slug": "", "package_name": ""}
    problems, corrected = review(answers, PINNED)
    assert [problem.key for problem in problems] == ["project_name"]
    names = {"project_name": "My Project", "project_slug": "my-project"}
    assert corrected == {**USABLE, **names, "package_name": "my_project"}


def test_a_package_that_only_follows_a_bad_slug_is_not_reported_again() -> None:
    answers = {**USABLE, "project_slug": "3d", "package_name": "3d"}
    problems, corrected = review(answers, PINNED)
    assert [problem.key for problem in problems] == ["project_slug"]
    assert corrected["package_name"] == "project_3d"


def test_a_package_that_follows_a_good_slug_is_reported() -> None:
    assert list(problems_of(project_slug="json", package_name="json")) == [
        "package_name"
    ]


@pytest.mark.parametrize("value", [True, 3.12, ["a"], {"a": "b"}])
def test_an_answer_that_is_not_text_is_refused(value: object) -> None:
    assert "is not text" in problems_of(author_name=value)["author_name"]


def test_a_missing_answer_counts_as_empty() -> None:
    assert set(problems_of(author_name=None, license=None)) == {
        "author_name",
        "license",
    }


ANY_TEXT = st.text(st.characters(), max_size=90) | st.sampled_from(
    ["", "con", "numpy", "class", "9", "a" * 70, "my-project", "tests", " ", "mit"]
)


@given(st.fixed_dictionaries({key: ANY_TEXT for key in USABLE}))
def test_corrected_answers_pass_the_check(answers: dict[str, str]) -> None:
    problems, corrected = review(answers, PINNED)
    assert review(corrected, PINNED) == ([], corrected)
    kept = {key for key in answers if answers[key] == corrected[key]}
    assert not kept & {problem.key for problem in problems}


@given(st.from_regex(r"[a-z'+.]{1,8}@[a-z.-]{1,9}", fullmatch=True))
def test_every_usable_address_is_one_that_packaging_tools_accept(text: str) -> None:
    if not problems_of(author_email=text):
        assert email.headerregistry.Address(addr_spec=text).addr_spec == text


def test_the_first_choice_is_the_default() -> None:
    asked = questions()
    assert {key: asked[key] for key in choices()} == {
        key: allowed[0] for key, allowed in choices().items()
    }


def test_every_question_has_a_prompt_and_every_choice_a_label() -> None:
    asked = questions()
    public = [key for key in asked if not key.startswith("_")]
    assert list(asked["__prompts__"]) == public
    for key, allowed in choices().items():
        for choice in allowed:
            assert f"[bold magenta]{choice}[/] - " in asked["__prompts__"][key]


def test_the_check_is_the_last_question() -> None:
    assert list(questions())[-1] == "__checked"
