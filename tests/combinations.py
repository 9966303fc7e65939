"""Every pair of choices, in as few renders as allpairspy finds.

An extra counts as a question with two choices: its own name, and "" to do without it.

A plugin of these tests: the fixture `combinations` renders the list once, and the
summary after the tests shows the list and how many of the pairs were really rendered.
What was rendered is read from cookiecutter's record of the answers, not from the list.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations as unordered
from itertools import product
from typing import Any

import pytest
from allpairspy import AllPairs

from answers.filters import EXTRAS, extras
from conftest import REPLAY_RECORD, BakedProject, bake_into, choices, questions

Answers = dict[str, str]
Choice = tuple[str, str]  # a question and one of its choices
Pair = tuple[Choice, Choice]

RENDERED = "rendered pairs"  # a property of the test that has counted them


def asked() -> dict[str, list[str]]:
    """Return every question and its choices, the default first."""
    default = extras(questions()["extras"]).split(",")
    return choices() | {
        name: [name, ""] if name in default else ["", name] for name in EXTRAS
    }


def pairwise(allowed: Mapping[str, list[str]]) -> list[Answers]:
    """Return sets of answers that hold every pair of choices, the defaults first.

    Args:
        allowed: the choices of every question, at least two questions.
    """
    rows = AllPairs([list(choices) for choices in allowed.values()])
    return [dict(zip(allowed, row, strict=True)) for row in rows]


def every_pair(allowed: Mapping[str, list[str]]) -> set[Pair]:
    """Return all pairs of choices of two questions; made without allpairspy."""
    return {
        ((one, choice), (other, another))
        for one, other in unordered(allowed, 2)
        for choice, another in product(allowed[one], allowed[other])
    }


def pairs_in(rows: Iterable[Answers], allowed: Mapping[str, list[str]]) -> set[Pair]:
    """Return the pairs of choices that sets of answers hold."""
    return {
        pair
        for row in rows
        for pair in unordered([(question, row[question]) for question in allowed], 2)
    }


def name_of(row: Answers) -> str:
    """Return a readable name, such as "tensorflow-3.12-mit-github-docker-serve"."""
    return "-".join(filter(None, row.values()))


def recorded_answers(project: BakedProject) -> Answers:
    """Return the choices that cookiecutter wrote down when it made a project."""
    record = project.path.parents[1] / "home" / REPLAY_RECORD
    answers = json.loads(record.read_text(encoding="utf-8"))["cookiecutter"]
    chosen = {name: name for name in answers["__extras"].split(",")}
    made = {question: answers[question] for question in choices()}
    return made | {name: chosen.get(name, "") for name in EXTRAS}


@pytest.fixture(scope="session")
def combinations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BakedProject]:
    """Return the project of every row of the list, by its name. They must not change.

    A render that failed is there too; its tests say so.
    """
    rows = pairwise(asked())
    folders = {name_of(row): tmp_path_factory.mktemp("combination") for row in rows}

    def render(row: Answers) -> BakedProject:
        answers: dict[str, Any] = {key: row[key] for key in choices()}
        named = ",".join(name for name in EXTRAS if row[name])
        answers["extras"] = named or "none"
        return bake_into(folders[name_of(row)], **answers)

    with ThreadPoolExecutor() as pool:  # each thread only waits for its cookiecutter
        return dict(zip(folders, pool.map(render, rows), strict=True))


def fingerprint(project: BakedProject) -> str:
    """Return a SHA-256 of a project's Python files and of its tools' settings.

    Linters and type checkers say the same of projects with the same fingerprint.
    """
    tools = tomllib.loads(project.read("pyproject.toml"))["tool"]
    decisive = {name: tools[name] for name in ("black", "isort", "mypy")}
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode())
    for name in project.files():
        if name.endswith(".py") or name == ".flake8":
            digest.update(f"{name}\0{project.read(name)}\0".encode())
    return digest.hexdigest()


def coverage(rows: list[Answers], allowed: Mapping[str, list[str]]) -> list[str]:
    """Describe rows and the pairs they hold, a line for each row and one in the end."""
    wanted = every_pair(allowed)
    held = wanted & pairs_in(rows, allowed)
    widths = {key: max(map(len, [key, *allowed[key]])) for key in allowed}
    table = [dict(zip(allowed, allowed, strict=True)), *rows]
    lines = [
        f"{number or '':>4}  " + "  ".join(f"{row[key]:{widths[key]}}" for key in row)
        for number, row in enumerate(table)
    ]
    share = 100 * len(held) / len(wanted)
    last = f"{len(rows)} renders hold {len(held)} of {len(wanted)} pairs: {share:.1f} %"
    return [*(line.rstrip() for line in lines), last]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the list and its coverage when a test has counted it."""
    for report in terminalreporter.getreports("passed"):
        if lines := dict(report.user_properties).get(RENDERED):
            terminalreporter.write_sep("=", "pairs of choices that were rendered")
            terminalreporter.write_line("\n".join(lines))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `combination`, a name, once for every row of the list."""
    if "combination" in metafunc.fixturenames:
        names = [name_of(row) for row in pairwise(asked())]
        metafunc.parametrize("combination", names)
