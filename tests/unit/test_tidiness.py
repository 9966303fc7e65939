"""The checks of rendered files find what is planted, and only that."""

import pytest

from tidiness import blank_line_debris, leftover_jinja, syntax_errors


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", "def f(:\n"),
        ("a.toml", "a = \n"),
        ("a.yaml", "a: [1\n"),
        ("a.yml", "a: b: c\n"),
        ("a.json", "{'a': 1}"),
        ("a.ipynb", "{"),
    ],
)
def test_a_syntax_error_is_found(name: str, text: str) -> None:
    (problem,) = syntax_errors(name, text)
    assert problem.startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yml", "job: !reference [.base, script]\n"),
        ("a.json", '{\n  // why\n  "a": 1\n}\n'),
        ("a.txt", "def f(:"),
    ],
    ids=["a tag", "a comment", "no parser"],
)
def test_what_parses_is_left_alone(name: str, text: str) -> None:
    assert list(syntax_errors(name, text)) == []


@pytest.mark.parametrize(
    "line",
    [
        "{{ cookiecutter.x }}",
        "{{-cookiecutter.x}}",
        "{% if a %}",
        "{# why #}",
        "#% if a",
    ],
)
def test_left_over_jinja_is_found(line: str) -> None:
    assert list(leftover_jinja("a.md", f"first\n{line}\n")) == [
        f"a.md:2: unrendered Jinja: {line}"
    ]


def test_templates_of_a_project_may_hold_jinja() -> None:
    assert list(leftover_jinja("report.html.jinja", "{% if a %}")) == []


@pytest.mark.parametrize("line", ["${{ matrix.python }}", "${#names}", 'f"{{x}}"'])
def test_braces_of_other_languages_are_left_alone(line: str) -> None:
    assert list(leftover_jinja("a", line)) == []


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.md", "a\n\n\nb\n", "a.md:3: one empty line too many"),
        ("a.py", "a\n\n\n\nb\n", "a.py:4: one empty line too many"),
        ("a.md", "a \nb\n", "a.md:1: ends with a blank"),
        ("a.md", "\na\n", "a.md:1: starts with an empty line"),
        ("a.md", "a", "a.md: does not end with one newline"),
        ("a.md", "a\n\n", "a.md: does not end with one newline"),
    ],
)
def test_debris_of_a_condition_is_found(name: str, text: str, problem: str) -> None:
    (found,) = blank_line_debris(name, text)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "a\n\nb\n"),
        ("a.py", "a\n\n\nb\n"),
        ("a.py", ""),
        ("LICENSE", "\na\n\n\nb \n"),
    ],
)
def test_usual_empty_lines_are_left_alone(name: str, text: str) -> None:
    assert list(blank_line_debris(name, text)) == []
