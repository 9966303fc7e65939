"""Filters: names that follow from an answer, and answers quoted for a kind of file."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path

from slugify import slugify

ROOT = Path(__file__).resolve().parents[1]  # of the template

# What `extras` may name, in the order in which a project remembers them.
EXTRAS = ("serve", "explain", "report", "monitor", "track", "ray")
# https://spdx.org/licenses/; what is not on that list starts with LicenseRef.
_SPDX = {
    "mit": "MIT",
    "apache-2.0": "Apache-2.0",
    "bsd-3-clause": "BSD-3-Clause",
    "proprietary": "LicenseRef-Proprietary",
}

# JSON leaves these as they are, but a YAML or TOML reader refuses some of them.
_ESCAPED_IN_STRINGS = re.compile(
    "[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
# A backslash works before the first group in every Markdown; only CommonMark takes it
# before the second, all of them take entities.
_MARKDOWN_BACKSLASH = re.compile(r"[\\`*_{}\[\]#]")
_MARKDOWN_ENTITY = re.compile(r"[&<>~|$]")
_MARKDOWN_LIST = re.compile(r"([+-]|\d+[.)])(?=\s|$)|-(?=-)")
_MARKDOWN_LINE = re.compile(r"[=:]")


def slug(project_name: object) -> str:
    """Derive a folder's name: lower-case ASCII letters, digits and single dashes.

    Args:
        project_name: the answer; not always a text if it is from a file. The check of
            the answers says so, after all names were derived.
    """
    return slugify(
        "" if project_name is None else str(project_name),
        entities=False,  # "&amp;" is text, not "&"
        decimal=False,
        hexadecimal=False,
        max_length=40,
        word_boundary=True,
        save_order=True,
    )


def module_name(project_slug: object) -> str:
    """Derive the name of the Python package; from any answer, as `slug` does."""
    return "" if project_slug is None else str(project_slug).replace("-", "_")


def extra_names(answer: object) -> list[str]:
    """Split the answer `extras` into names, which need not be known ones.

    Args:
        answer: names with commas or blanks between, "all", or "none" (or nothing).
    """
    names = "" if answer is None else str(answer)
    return [name for name in re.split(r"[\s,]+", names.lower()) if name]


def extras(answer: object) -> str:
    """Normalise the answer `extras`: known names, once each, in order, with commas."""
    names = extra_names(answer)
    return ",".join(name for name in EXTRAS if name in names or "all" in names)


def spdx(license_choice: str) -> str:
    """Return the identifier of a licence for the package's metadata."""
    return _SPDX[license_choice]


def with_year(author_name: str) -> str:
    """Return what a licence's first line names: the year and the author."""
    return f"{datetime.now(timezone.utc).year} {author_name}"


def quoted(value: object) -> str:
    """Quote a text so that TOML, YAML, JSON and Python all read the same text back."""
    text = json.dumps(str(value), ensure_ascii=False)
    return _ESCAPED_IN_STRINGS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def record(answers: Mapping[str, object]) -> str:
    """Return what a project remembers of its making: JSON, a line an answer.

    Args:
        answers: all answers by key; private ones do not count, they follow from these.
    """
    public = {key: str(text) for key, text in answers.items() if key[:1] != "_"}
    made = {"_template_version": template_version(), **public}
    lines = [f"  {quoted(key)}: {quoted(text)}" for key, text in made.items()]
    return "\n".join(["{", ",\n".join(lines), "}"])


def template_version() -> str:
    """Return the version of this template, from its pyproject.toml."""
    # Not by tomllib: cookiecutter also runs on Python 3.10, which has none.
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        raise ValueError('the pyproject.toml of the template has no line version = "…"')
    return found[1]


@lru_cache
def hashes() -> dict[str, str]:
    """Return the lines of hashes of all that projects install, by name==version."""
    text = (ROOT / "templates/requirements/hashes.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^(\S+) \\\n((?: {4}--hash=.+\n)+)", text, re.MULTILINE))


def hashed(pins: str) -> str:
    """Give each line name==version, and maybe a marker, its hashes, as uv writes it."""
    lines = pins.splitlines()
    return "".join(f"{line} \\\n{hashes()[line.split()[0]]}" for line in lines)


def markdown(value: object) -> str:
    """Escape a text so that Markdown shows it as it is, also at the start of a line."""
    text = str(value)
    start = ""
    if match := _MARKDOWN_LIST.match(text):
        start, text = match[0], text.removeprefix(match[0])
        start = f"{start[:-1]}\\{start[-1]}"
    elif _MARKDOWN_LINE.match(text):
        start, text = f"&#{ord(text[0])};", text[1:]
    text = _MARKDOWN_BACKSLASH.sub(r"\\\g<0>", text)
    return start + _MARKDOWN_ENTITY.sub(lambda match: f"&#{ord(match[0])};", text)


ALL: tuple[Callable[..., str], ...] = (
    extras,
    hashed,
    markdown,
    module_name,
    quoted,
    record,
    slug,
    spdx,
    with_year,
)
