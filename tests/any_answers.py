"""Renders for any answers: strategies, every way to give them, and what to hold.

A plugin of these tests. Cookiecutter runs in this process, which takes a fraction of
the time of its command line, so hundreds of sets of answers are tried; the summary
after the tests says how many. What is looked at is the whole of a temporary folder,
which holds the home folder, the working folder and the target.
"""

import contextlib
import io
import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from cookiecutter.environment import StrictEnvironment
from cookiecutter.exceptions import CookiecutterException
from cookiecutter.main import cookiecutter
from hypothesis import strategies as st

from answers.filters import EXTRAS
from answers.template import read_template
from conftest import ROOT, choices, files_below
from readback import contents

# A property of tests: how many sets of answers they have tried, and what came of them.
TALLY = "tally"
Tally = dict[str, int]
COUNTED = ("refused", "rendered", "escapes", "executions", "unparsable")
ENTRIES = ("key=value", "config", "replay", "prompts")
PUBLIC = list(read_template().defaults)

# What somebody might try in a text: CANARY becomes a path that must never come to be.
INJECTIONS = {
    "python": '"""+__import__(\'os\').system(\'touch CANARY\')+"""',
    "python-format": "{0.__class__} %(prog)s %s {x!r} \\N{BULLET} \\x41",
    "jinja": "{{ ''.__class__.__mro__[1].__subclasses__() }}{% include 'x' %}{# #}",
    "jinja-import": "{{ cycler.__init__.__globals__.os.popen('touch CANARY') }}",
    "shell": '\'; touch CANARY; "$(touch CANARY)" `touch CANARY` || touch CANARY #',
    "windows": '" & copy nul CANARY & %COMSPEC% ^| $(New-Item CANARY)',
    "jinja-line": "#% include 'CANARY'",
    "toml": '" }] touch = "CANARY"',
    "toml-table": '"]] [tool.poe.tasks] x = "touch CANARY',
    "yaml-tag": "!!python/object/apply:os.system ['touch CANARY']",
    "yaml-key": "x: &a [*a, *a] - {y: 'touch CANARY'} #",
    "html": "</title></p><script>fetch('CANARY')</script><img src=x onerror=alert(1)>",
    "markdown": "[a](javascript:alert(1)) ![b](file:///CANARY) ```sh touch CANARY```",
    "dockerfile": '" RUN touch CANARY && COPY --from=x / / # escape=`',
    "makefile": "$(shell touch CANARY) ${eval x:=$(shell touch CANARY)} $$(id)",
    "actions": '${{ github.token }}${{ secrets.X }}"; touch CANARY ::set-env name=A::b',
    "gitlab": "$CI_JOB_TOKEN ${CI} $[[ inputs.x ]] !reference [touch CANARY]",
    "kustomize": "$(VAR) $patch: delete | namespace: kube-system {{ .Values.x }}",
    "sql": "'; DROP TABLE runs; --",
    "spreadsheet": "=cmd|' /C touch CANARY'!A0",
    "terminal": "]0;title [31m ^[[2J \\e[2J \\033]8;;CANARY",
    "path": "../../../../CANARY ~/CANARY /CANARY file://CANARY \\\\host\\CANARY",
    "address": '<a@example.com>, "x" <b@example.com>; (comment)',
}
# Quotes of many languages, accents in a pile, joiners, full-width look-alikes, a flag.
_MARKS = "\"'`´‘’“”„‚«»‹›「」『』〝〞＂＇\\/{}[]()<>$%&|;:#=~^*_-+!?@.,😀🇦🇶👩"
_MARKS += "\u0301\u0327\u034f\u200b\u200c\u200d\u200e\u200f\u061c\u00ad\ufeff"
# Tags that nobody sees, private use, blanks, what reorders a text or ends a line.
_MARKS += "\U000e0041\U000f0000\U0010ffff\ufffe\uffff\u3000\u00a0"
_MARKS += "\u202a\u202e\u2066\u2069\u2028\u2029"
# Controls, and halves of a pair.
_MARKS += "\x00\t\n\r\x1b\x7f\x85\x9b\ud800\udfff"
# What the check takes, nearly always.
_FINE = st.characters(
    exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs"),
    exclude_characters=[
        chr(c) for c in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
    ],
)
WILD_TEXT = st.text(st.characters() | st.sampled_from(_MARKS), max_size=400)
FINE_TEXT = st.text(
    _FINE | st.sampled_from([c for c in _MARKS if c.isprintable()] + [" "]),
    min_size=1,
    max_size=80,
).map(str.strip)
TEXTS = FINE_TEXT | FINE_TEXT | WILD_TEXT | st.sampled_from(list(INJECTIONS.values()))
_NAMES = st.from_regex(r"[a-z][a-z0-9]{0,12}([-_][a-z0-9]{1,9}){0,2}", fullmatch=True)
_EXTRAS = st.lists(st.sampled_from([*EXTRAS, *EXTRAS, "all", "none"])).map(", ".join)
_ADDRESSES = st.from_regex(
    r"[A-Za-z0-9!#%&'*+/=?^_~.-]{1,20}@[A-Za-z0-9.-]{1,20}", fullmatch=True
)


def answers_to(key: str) -> st.SearchStrategy[str]:
    """Return answers to a question, some of which can be used."""
    if key in choices():
        return st.sampled_from(choices()[key]) | TEXTS
    fitting = {"project_slug": _NAMES, "author_email": _ADDRESSES, "extras": _EXTRAS}
    fitting["package_name"] = _NAMES.map(lambda name: name.replace("-", "_"))
    return fitting[key] | TEXTS if key in fitting else TEXTS


def fine_answers_to(key: str) -> st.SearchStrategy[str]:
    """Return answers to a question, nearly all of which can be used."""
    if key in choices():
        return st.sampled_from(choices()[key])
    fitting = {"project_slug": _NAMES, "author_email": st.just("ada@example.com")}
    fitting["extras"] = _EXTRAS
    fitting["package_name"] = _NAMES.map(lambda name: name.replace("-", "_"))
    return fitting.get(key, FINE_TEXT)


@dataclass(frozen=True)
class Attempt:
    """What came of one set of answers."""

    project: Path | None  # None when the answers were refused
    said: str  # on stderr, or the text of cookiecutter's own error


class Place:
    """A folder with a home, a working and a target folder, watched as a whole."""

    def __init__(self, root: Path) -> None:
        """Make the three folders, and a record of answers that replays start from."""
        self.root = root
        for name in ("home", "cwd", "out"):
            (root / name).mkdir()
        made = self.attempt("key=value", {})
        assert made.project, made.said
        self.defaults = contents(made.project, files_below(made.project))
        (record,) = (root / "home" / "replay").iterdir()
        self._record = json.loads(record.read_text(encoding="utf-8"))
        self.clean()

    def attempt(self, entry: str, given: Mapping[str, Any], **options: Any) -> Attempt:
        """Give answers in one of the ways of ENTRIES, and the defaults for the rest.

        Args:
            entry: the way.
            given: the answers; those from files may be of any type that JSON has.
            **options: more of cookiecutter's.
        """
        config: dict[str, Any] = {"replay_dir": str(self.root / "home" / "replay")}
        options |= {"output_dir": str(self.root / "out"), "default_config": config}
        typed = ""
        if entry == "key=value":
            options |= {"no_input": True, "extra_context": dict(given)}
        elif entry == "config":
            options |= {"no_input": True}
            config["default_context"] = dict(given)
        elif entry == "replay":
            context = deepcopy(self._record)
            context["cookiecutter"] |= self._following(given) | dict(given)
            file = self.root / "home" / "replay" / "given.json"
            file.write_text(json.dumps(context), encoding="ascii")
            options |= {"replay": str(file)}
        else:
            typed = "".join(f"{given.get(key, '')}\n" for key in PUBLIC)
        return self._run(typed, options)

    def _following(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Return the names that follow from answers, as a record holds them."""
        environment = StrictEnvironment(context=self._record)
        recorded = {key: self._record["cookiecutter"][key] for key in PUBLIC}
        return {
            key: environment.from_string(source).render(
                cookiecutter={**recorded, **given}
            )
            for key, source in read_template().derived.items()
        }

    def _run(self, typed: str, options: dict[str, Any]) -> Attempt:
        said, path = io.StringIO(), None
        before = sys.stdin
        sys.stdin = io.StringIO(typed)
        try:
            with (
                contextlib.chdir(self.root / "cwd"),
                contextlib.redirect_stderr(said),
                contextlib.redirect_stdout(io.StringIO()),
            ):
                path = Path(cookiecutter(str(ROOT), **options))
        except SystemExit as stopped:
            assert stopped.code == 1
        except CookiecutterException as error:  # its command line prints these
            said.write(f"{error}\n")
        finally:
            sys.stdin = before
        return Attempt(path, said.getvalue())

    def recorded(self) -> dict[str, str]:
        """Return the answers that cookiecutter wrote down in the last attempt."""
        (record,) = (self.root / "home" / "replay").iterdir()
        answers = json.loads(record.read_text(encoding="utf-8"))["cookiecutter"]
        return {key: answers[key] for key in PUBLIC}

    def left(self) -> list[str]:
        """Name every file there is, but for cookiecutter's own record of answers."""
        return [n for n in files_below(self.root) if not n.startswith("home/replay/")]

    def clean(self) -> None:
        """Remove what the last attempt made."""
        for name in ("out", "home/replay"):
            shutil.rmtree(self.root / name, ignore_errors=True)
            (self.root / name).mkdir()


def expected(entry: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return the answers that cookiecutter hands on; a prompt strips what is typed."""
    if entry != "prompts":
        return dict(given)
    return {key: text.strip() for key, text in given.items() if text.strip()}


@pytest.fixture(scope="module")
def made_place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Make a place; a module's tests share it."""
    return Place(tmp_path_factory.mktemp("place"))


@pytest.fixture
def place(made_place: Place) -> Iterator[Place]:
    """Return an empty place to render in."""
    yield made_place
    made_place.clean()


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Tally:
    """Return a test's counts; the summary shows their sums."""
    counts = dict.fromkeys(COUNTED, 0)
    record_property(TALLY, counts)
    return counts


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many sets of answers were tried, and what came of them."""
    reports = map(terminalreporter.getreports, ("passed", "failed"))
    counts = Counter[str]()
    for report in chain(*reports):
        counts.update(dict(report.user_properties).get(TALLY, {}))
    if counts:
        terminalreporter.write_sep("=", "answers that were tried")
        terminalreporter.write_line(
            f"{counts['refused'] + counts['rendered']} answers tried, "
            f"{counts['refused']} refused, {counts['rendered']} rendered; "
            f"{counts['escapes']} escapes, {counts['executions']} executions, "
            f"{counts['unparsable']} unparsable files"
        )
