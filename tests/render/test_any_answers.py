"""Whatever is answered: refused with nothing written, or rendered as it was meant.

Hypothesis makes up the answers, in full Unicode. The short run is part of every test
run; `poe matrix` tries thousands. Below the results stands what came of them.
"""

import shlex
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from answers.checks import review
from answers.template import read_template
from any_answers import (
    ENTRIES,
    PUBLIC,
    Place,
    Tally,
    answers_to,
    expected,
    fine_answers_to,
)
from linting import lint
from readback import FREE_TEXTS, WITH_FREE_TEXT, contents, misread, unparsable

# An example that fails is shown as it is: shrinking it would take minutes.
RENDERED = settings(
    max_examples=30,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
REFUSED = settings(RENDERED, max_examples=80)
LONG = settings(RENDERED, max_examples=600)

TEXTS = st.fixed_dictionaries({}, optional={key: answers_to(key) for key in FREE_TEXTS})
ONE = st.sampled_from(PUBLIC).flatmap(
    lambda key: st.fixed_dictionaries({key: answers_to(key)})
)
FINE = st.fixed_dictionaries({key: fine_answers_to(key) for key in PUBLIC})
PLAUSIBLE = TEXTS | ONE | FINE
WILD = st.fixed_dictionaries({key: answers_to(key) for key in PUBLIC})


def hold(place: Place, entry: str, given: Mapping[str, str], tally: Tally) -> None:
    """Give answers, insist on one of the two outcomes, and count it."""
    try:
        attempt_and_judge(place, entry, given, tally)
    finally:
        place.clean()


def attempt_and_judge(
    place: Place, entry: str, given: Mapping[str, str], tally: Tally
) -> None:
    """Give answers in an empty place, and leave there what they make."""
    meant = expected(entry, given)
    attempt = place.attempt(entry, given)
    project, left = attempt.project, place.left()
    tally["rendered" if project else "refused"] += 1
    inside = f"out/{project.name}/" if project else "nowhere/"
    outside = [name for name in left if not name.startswith(inside)]
    tally["escapes"] += bool(outside)
    assert outside == [], attempt.said
    if project is None:
        assert_refused_clearly(attempt.said)
    else:
        answers = place.recorded()
        assert {key: answers[key] for key in meant} == meant
        assert list(misread(project, answers)) == []
        files = contents(project, (name.removeprefix(inside) for name in left))
        problems = list(unparsable(files))
        tally["unparsable"] += len(problems)
        assert problems == []
        if set(meant) <= {"author_name", "author_email", "project_description"}:
            assert {n for n in files if files[n] != place.defaults[n]} <= WITH_FREE_TEXT


def assert_refused_clearly(said: str) -> None:
    """Insist on a reason for each problem and on a command that would be accepted."""
    assert said.startswith("Nothing was created, because some answers cannot be used:")
    command = shlex.split(said[said.rindex("\n  cookiecutter ") :])
    corrected = dict(argument.split("=", 1) for argument in command[3:])
    assert list(corrected) == PUBLIC
    assert review(corrected, read_template()) == ([], corrected)


@pytest.mark.parametrize("entry", ENTRIES)
@RENDERED
@given(answers=PLAUSIBLE)
def test_answers_are_refused_or_rendered_as_they_were_meant(
    place: Place, tally: Tally, entry: str, answers: dict[str, str]
) -> None:
    hold(place, entry, answers, tally)


@pytest.mark.parametrize("entry", ENTRIES)
@REFUSED
@given(answers=WILD)
def test_wild_answers_to_all_questions_are_too(
    place: Place, tally: Tally, entry: str, answers: dict[str, str]
) -> None:
    hold(place, entry, answers, tally)


@pytest.mark.matrix
@pytest.mark.parametrize("entry", ENTRIES)
@LONG
@given(answers=PLAUSIBLE | WILD)
def test_thousands_of_answers_are_too(
    place: Place, tally: Tally, entry: str, answers: dict[str, str]
) -> None:
    hold(place, entry, answers, tally)


@pytest.mark.matrix
@settings(RENDERED, max_examples=4)
@given(answers=FINE)
def test_whatever_is_rendered_is_formatted_and_linted(
    place: Place, answers: dict[str, str]
) -> None:
    project = place.attempt("key=value", answers).project
    if project:
        assert lint(project) == ""
    place.clean()
