"""Templates that are not compiled render what Jinja's compiled ones do."""

import pytest
from cookiecutter.environment import StrictEnvironment
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import Template, UndefinedError
from jinja2.runtime import Context

from quick_templates import quick_template

ENVIRONMENT = StrictEnvironment(keep_trailing_newline=True)
# "items" is a method of a dictionary as well; Jinja prints that one.
ANSWERS = {"name": "<{{ 7*7 }}>", "items": "x", "__number": 1}
PASTED = [f"{{{{ cookiecutter.{name} }}}}" for name in (*ANSWERS, "missing")]
FILTERS = ["upper", "e", "list", 'default("}} {{")', 'join("")']
FILTERED = [f"{{{{ cookiecutter.name | {text} }}}}" for text in FILTERS]
TRIMMED = [
    "{{cookiecutter.name}}",
    "{{ cookiecutter.name -}}",
    "{{- cookiecutter.name }}",
]
COMPILED = ["{% raw %}", "{% endraw %}", "{{ cookiecutter", "{{", "{%", "{#"]
TEXTS = ["}}", "%}", "#}", "{", "}", "%", "#", "-", ".name", " ", "\n", "é"]
SOURCES = st.lists(
    st.sampled_from([*PASTED, *TRIMMED, *FILTERED, *COMPILED, *TEXTS]),
    max_size=8,
).map("".join)


def unchanged(_context: Context, value: object) -> object:
    return value


def rendered(template: Template) -> str:
    try:
        return template.render(cookiecutter=ANSWERS)
    except UndefinedError as error:
        return f"undefined: {error}"


@given(SOURCES)
@example("{{{ cookiecutter.name }}}")
@example("{% raw %}{{ cookiecutter.name }}{% endraw %}")
@example("{# {{ cookiecutter.name }} #}")
def test_a_quick_template_renders_what_a_compiled_one_does(source: str) -> None:
    quick = quick_template(ENVIRONMENT, source, unchanged)
    if quick is None:
        assert any(mark in source for mark in ("{{", "{%", "{#"))
    else:
        assert rendered(quick) == rendered(ENVIRONMENT.from_string(source))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("plain { text } %\n", "plain { text } %\n", id="no-jinja"),
        pytest.param("{{cookiecutter.a}}/{{ cookiecutter.b }}", "1/2", id="answers"),
        pytest.param("{{ cookiecutter.a | float }}", "1.0", id="filter"),
    ],
)
def test_a_text_that_only_pastes_answers_in_is_quick(
    source: str, expected: str
) -> None:
    quick = quick_template(ENVIRONMENT, source, unchanged)
    assert quick is not None
    assert quick.render(cookiecutter={"a": 1, "b": 2}) == expected


def test_a_misspelt_filter_is_left_to_jinja() -> None:
    source = "{{ cookiecutter.name | uper }}"
    assert quick_template(ENVIRONMENT, source, unchanged) is None


def test_every_answer_is_finalized() -> None:
    seen = []

    def record(context: Context, value: object) -> object:
        seen.append((context["cookiecutter"], value))
        return f"<{value}>"

    quick = quick_template(ENVIRONMENT, "{{ cookiecutter.name }}!", record)
    assert quick is not None
    assert quick.render(cookiecutter={"name": "x"}) == "<x>!"
    assert seen == [({"name": "x"}, "x")]
