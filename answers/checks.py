"""Rules for the answers: pure functions from a set of answers to its problems.

`local_extensions.py` calls `review` while cookiecutter asks and again before it writes.
This module never reads files, prints or exits.
"""

import builtins
import keyword
import re
import sys
import unicodedata
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import NamedTuple

from .filters import EXTRAS, extra_names, extras, module_name
from .names import IMPORT_NAMES, PROGRAMS, STDLIB_ELSEWHERE, TAKEN

MAX_LENGTH = {"project_name": 80, "author_name": 80, "author_email": 254}
MAX_TEXT_LENGTH = 300  # every other free text
# A slug or a package: the generated code's lines stay below 88 characters, and its
# paths below Windows' 260.
MAX_NAME_LENGTH = 40

_INSTEAD_OF_BLANK = {"project_name": "My Project", "project_description": "A model."}

_CHARACTERS = "lower-case letters a-z, digits and single"
SLUG = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
PACKAGE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_ATOM = r"[A-Za-z0-9!#%&'*+/=?^_~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
EMAIL = re.compile(rf"{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*")

# Line and paragraph separators, and the controls that reorder the text around them
# (the "Trojan Source" characters). Joiners (U+200C, U+200D) and the plain direction
# marks are fine: emoji, Persian, Arabic and Hebrew need them.
_FORBIDDEN = frozenset(
    map(chr, (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
)
_WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"]
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"]
)


class Template(NamedTuple):
    """What the rules have to know about the template."""

    defaults: dict[str, str]  # every public key, in order
    choices: dict[str, list[str]]
    derived: dict[str, str]  # private key -> the Jinja text it is made from
    distributions: frozenset[str]  # what the project installs, normalised


class Problem(NamedTuple):
    """One answer that cannot be used, why, and what to give instead."""

    key: str
    reason: str
    suggestion: str

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}. Suggestion: {self.suggestion}"


def review(
    answers: Mapping[str, object], template: Template
) -> tuple[list[Problem], dict[str, str]]:
    """Check every public answer.

    Args:
        answers: the answers by key; a missing one counts as empty.
        template: the template's questions and what it installs.

    Returns:
        The problems, in the order of the questions, and all public answers with the
        suggestions filled in. The corrected answers pass this check themselves.
    """
    given = {key: _text(answers.get(key)) for key in template.defaults}
    corrected = dict(given)
    problems: list[Problem] = []
    for key, text in given.items():
        reason = _reason(key, text, template)
        if not isinstance(answers.get(key, ""), (str, type(None))):
            reason = f"{_shown(text)} is not text (write it in quotes)"
        if reason is None:
            continue
        corrected[key] = _suggestion(key, text, corrected, template)
        failed = {problem.key for problem in problems}
        if key == "project_slug" and not text:
            # Derived from a name without letters or digits. Silent when the name was
            # refused already and its correction has some.
            if "project_name" in failed and _slugged(corrected["project_name"]):
                continue
            reason = (
                f"project_name {_shown(given['project_name'])} has no letters or "
                "digits to derive a folder name from; give project_slug"
            )
        if (
            key == "package_name"
            and text == module_name(given["project_slug"])
            and corrected["project_slug"] != given["project_slug"]
        ):
            corrected[key] = module_name(corrected["project_slug"])
            continue  # only follows the slug, which was reported
        problems.append(Problem(key, reason, corrected[key]))
    return problems, corrected


def _reason(key: str, text: str, template: Template) -> str | None:
    """Say what is wrong with one answer; None when it can be used."""
    if key in template.choices:
        allowed = template.choices[key]
        if text in allowed:
            return None
        return f"{_shown(text)} is not one of {', '.join(allowed)}"
    check = {
        "project_slug": _slug_reason,
        "package_name": _package_reason,
        "author_email": _email_reason,
        "extras": _extras_reason,
    }.get(key)
    return check(text, template) if check else _text_reason(key, text)


def _text_reason(key: str, text: str) -> str | None:
    if _is_blank(text):
        return f"{_shown(text)} is empty"
    limit = MAX_LENGTH.get(key, MAX_TEXT_LENGTH)
    reasons = []
    if found := sorted(set(filter(_is_forbidden, text))):
        codes = ", ".join(f"U+{ord(character):04X}" for character in found[:5])
        reasons.append(f"holds the control character {codes}")
    if text != text.strip():
        reasons.append("starts or ends with a blank")
    if len(text) > limit:
        reasons.append(f"has {len(text)} characters, more than {limit}")
    return f"{_shown(text)} " + " and ".join(reasons) if reasons else None


def _name_reason(text: str) -> str | None:
    """What makes a text unfit as the name of a folder on some system."""
    if not text:
        return "is empty"
    if any(map(_is_forbidden, text)):
        return "holds a control character"
    if re.match(r"[A-Za-z]:", text):
        return "has a drive letter"
    if text[0] in "/\\":
        return "is an absolute path"
    if ".." in re.split(r"[/\\]", text):
        return "holds '..', which leads out of the folder"
    if "/" in text or "\\" in text:
        return "has a path separator"
    if text.split(".")[0].strip().lower() in _WINDOWS_DEVICES:
        return "is a device name that Windows reserves"
    if len(text) > MAX_NAME_LENGTH:
        return f"has {len(text)} characters, more than {MAX_NAME_LENGTH}"
    if text[0].isdigit():
        return "starts with a digit"
    return None


def _slug_reason(text: str, template: Template) -> str | None:
    reason = _name_reason(text)
    if reason is None and not SLUG.fullmatch(text):
        reason = f"may hold only {_CHARACTERS} dashes or underscores between them"
    if reason is None and normalised(text) in template.distributions:
        reason = "is a package that the project installs"
    if reason is None and text in PROGRAMS:
        reason = "is a program, which the project's command would take the place of"
    return reason and f"{_shown(text)} {reason}"


def _package_reason(text: str, template: Template) -> str | None:
    reason = _name_reason(text)
    if reason is None and keyword.iskeyword(text):
        reason = "is a keyword of Python"
    if reason is None and not PACKAGE.fullmatch(text):
        reason = f"may hold only {_CHARACTERS} underscores between them"
    if reason is None and text in dir(builtins):
        reason = "is the name of a Python builtin"
    if reason is None and text in sys.stdlib_module_names | STDLIB_ELSEWHERE:
        reason = "is a module of Python's standard library"
    if reason is None and text in _import_names(template):
        reason = "is a package that the project installs"
    if reason is None and text in TAKEN:
        reason = "is the name of something else in the project"
    return reason and f"{_shown(text)} {reason}"


def _email_reason(text: str, _template: Template) -> str | None:
    if not text.strip():
        reason = "is empty"
    elif text.count("@") != 1:
        reason = "has no '@'" if "@" not in text else "has more than one '@'"
    elif len(text) > MAX_LENGTH["author_email"]:
        reason = f"has more than {MAX_LENGTH['author_email']} characters"
    elif not EMAIL.fullmatch(text):
        reason = "is not a plain address such as you@example.com"
    else:
        return None
    return f"{_shown(text)} {reason}"


def _extras_reason(text: str, _template: Template) -> str | None:
    names = extra_names(text)
    allowed = f"{', '.join(EXTRAS)}; all; none"
    if unknown := [name for name in names if name not in (*EXTRAS, "all", "none")]:
        return f"{_shown(', '.join(unknown))} is not among {allowed}"
    if len(set(names)) > 1 and {"all", "none"} & set(names):
        return f"{_shown(text)} says more than one of some names, all, and none"
    return None if names else f"{_shown(text)} is empty (say none)"


def _suggestion(
    key: str, text: str, corrected: Mapping[str, str], template: Template
) -> str:
    """Return a value that `_reason` accepts, as close to the given one as possible."""
    if key in template.choices:
        choices = template.choices[key]
        wanted = text.strip().lower()
        likeness = [SequenceMatcher(None, c, wanted).ratio() for c in choices]
        near = max(likeness) >= 0.4
        return choices[likeness.index(max(likeness))] if near else choices[0]
    if key == "project_slug":
        return _suggested_slug(_slugged(text or corrected["project_name"]), template)
    if key == "package_name":
        wanted = _slugged(text) or corrected["project_slug"]
        return module_name(_suggested_slug(wanted, template))
    if key == "author_email":
        candidates = [match[0] for match in EMAIL.finditer(text)]
        usable = (c for c in candidates if _reason(key, c, template) is None)
        return next(usable, template.defaults[key])
    if key == "extras":
        return extras(text) or "none"
    cleaned = "".join(" " if _is_forbidden(c) else c for c in text).strip()
    cleaned = cleaned[: MAX_LENGTH.get(key, MAX_TEXT_LENGTH)].strip()
    if _is_blank(cleaned):
        return _INSTEAD_OF_BLANK.get(key) or template.defaults[key]
    return cleaned


def _suggested_slug(wanted: str, template: Template) -> str:
    """Return a slug near the wanted one that is fit as folder and as package."""
    wanted = wanted or "my-project"
    if wanted[0].isdigit():
        wanted = f"project-{wanted}"
    short = wanted[: MAX_NAME_LENGTH - len("-project")].strip("-")
    for slug in (wanted, short, f"{short}-project", f"my-{short}-app", "my-project"):
        package = module_name(slug)
        if not (_slug_reason(slug, template) or _package_reason(package, template)):
            return slug
    raise AssertionError("'my-project' is always usable")


def _slugged(text: str) -> str:
    """Reduce a text to a-z, 0-9 and single dashes, accents dropped."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _import_names(template: Template) -> set[str]:
    names = {module_name(name) for name in template.distributions}
    pairs = (entry.split("=") for entry in IMPORT_NAMES)
    return names | {module for name, module in pairs if name in template.distributions}


def normalised(name: str) -> str:
    """Normalise a distribution's name as PyPI does."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_forbidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or character in _FORBIDDEN


def _is_blank(text: str) -> bool:
    """Whether a text shows nothing: blanks, controls, zero-width characters."""
    return all(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Zs") for c in text)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _shown(text: str) -> str:
    """Quote a value for a message: no control character reaches the terminal."""
    return repr(text if len(text) <= 60 else text[:57] + "...")
