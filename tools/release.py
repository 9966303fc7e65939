"""Check that a release is what it says, and write its notes.

    python tools/release.py check v1.2.0     exit status 1, with all that does not agree
    python tools/release.py notes v1.2.0     the release's section of CHANGELOG.md

A release is a tag "v" and a version of Semantic Versioning. The version stands in
pyproject.toml too, and has the first section of CHANGELOG.md below an empty Unreleased.
"""

import re
import sys
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The expression that https://semver.org suggests, without build metadata, which package
# indexes refuse.
NUMBER = r"(?:0|[1-9]\d*)"
IDENTIFIER = rf"(?:{NUMBER}|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
VERSION = re.compile(
    rf"{NUMBER}\.{NUMBER}\.{NUMBER}(?:-{IDENTIFIER}(?:\.{IDENTIFIER})*)?"
)
HEADING = re.compile(r"(?m)^## \[([^\]]+)\](?: - (\S+))?$")


@dataclass(frozen=True)
class Section:
    """A section of the change log."""

    version: str
    day: str  # "" where no date is given
    text: str


def sections(changelog: str) -> list[Section]:
    """Return the sections of a change log, the newest first."""
    parts = HEADING.split(changelog)[1:]
    rows = zip(parts[0::3], parts[1::3], parts[2::3], strict=True)
    return [Section(version, day or "", text.strip()) for version, day, text in rows]


def is_date(text: str) -> bool:
    """Whether a text is a day such as 2026-11-21."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def problems(tag: str, root: Path = ROOT) -> list[str]:
    """Return what keeps a tag from being a release, a sentence each; empty if nothing.

    Args:
        tag: the tag's name, such as "v1.2.0".
        root: the folder of pyproject.toml and CHANGELOG.md.
    """
    version = tag.removeprefix("v")
    if not tag.startswith("v") or not VERSION.fullmatch(version):
        return [f"the tag {tag} is not v and a semantic version, such as v1.2.0"]
    found = []
    pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    if (stated := pyproject["project"]["version"]) != version:
        found.append(f"pyproject.toml has version {stated}, not {version}")
    unreleased, *released = sections((root / "CHANGELOG.md").read_text("utf-8"))
    if unreleased.version != "Unreleased":
        found.append("CHANGELOG.md has no section [Unreleased] at the top")
    elif unreleased.text:
        found.append(
            f"CHANGELOG.md has changes in [Unreleased]; move them to {version}"
        )
    if not released or released[0].version != version:
        newest = released[0].version if released else "none"
        found.append(f"CHANGELOG.md's newest version is {newest}, not {version}")
    elif not is_date(released[0].day):
        found.append(f"CHANGELOG.md has no date: ## [{version}] - YYYY-MM-DD")
    elif not released[0].text:
        found.append(f"CHANGELOG.md says nothing about {version}")
    return found


def notes(tag: str, root: Path = ROOT) -> str:
    """Return what CHANGELOG.md says about a release.

    Raises:
        KeyError: If it has no section for the version.
    """
    all_sections = sections((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    texts = {section.version: section.text for section in all_sections}
    return texts[tag.removeprefix("v")]


def main(arguments: list[str]) -> int:
    """Run the command line; return the exit status."""
    if len(arguments) != 2 or arguments[0] not in {"check", "notes"}:
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    action, tag = arguments
    found = problems(tag)
    for problem in found:
        print(f"release: {problem}", file=sys.stderr)
    if action == "notes" and not found:
        print(notes(tag))
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
