"""List the licences of what is installed, and refuse those that pyproject.toml denies.

    poe licenses        a line for each package; exit status 1 if one is denied

`[tool.licenses]` has the patterns, such as "AGPL-*", and the packages that are accepted
all the same, each with the reason. Where a package offers a choice, as in "MIT OR
GPL-2.0-only", one licence that is not denied is enough; where several apply, none may
be denied.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from license_expression import ExpressionError, Licensing

ROOT = Path(__file__).resolve().parents[1]
NOT_STATED = "not stated"
PREFIX = "License :: "
LICENSING = Licensing()
# In words, as in "GPL v3 or later". To the parser, that "or" would be a choice.
OR_LATER = re.compile(r"\s+or\s+(any\s+)?(later|newer)\b", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Package:
    """An installed package and the licences that its metadata states."""

    name: str
    version: str
    licenses: tuple[str, ...]  # all of them apply; each may be an SPDX expression

    def __str__(self) -> str:
        """Name, version and licences, on one line."""
        return f"{self.name} {self.version}: {'; '.join(self.licenses)}"


def stated_licenses(package: Distribution) -> tuple[str, ...]:
    """Return the licences in a package's metadata, from the field that says most.

    That is License-Expression (PEP 639), then the classifiers, then the first line of
    License, which older packages fill with anything up to the whole text.
    """
    metadata = package.metadata
    expressions = metadata.get_all("License-Expression") or []
    classifiers = [
        line.split(" :: ")[-1]
        for line in metadata.get_all("Classifier") or []
        if line.startswith(PREFIX) and line != f"{PREFIX}OSI Approved"
    ]
    texts = [
        text.strip().partition("\n")[0] for text in metadata.get_all("License") or []
    ]
    for found in (expressions, classifiers, list(filter(None, texts))):
        if found:
            return tuple(found)
    return (NOT_STATED,)


def installed() -> list[Package]:
    """Return every package of the environment that runs this, sorted by name."""
    found = {
        Package(package.name.lower(), package.version, stated_licenses(package))
        for package in distributions()
    }
    return sorted(found)


def is_denied(license_text: str, patterns: list[str]) -> bool:
    """Whether a licence, or an SPDX expression, leaves no choice but a denied one.

    Args:
        license_text: such as "MIT", "EPL-2.0 OR GPL-2.0-or-later", or a classifier.
        patterns: of denied licences, as in file names: "GPL-*-only".
    """
    text = OR_LATER.sub("-or-later", license_text)
    try:
        parsed = LICENSING.parse(text)
    except ExpressionError:  # a name with brackets, or with words between
        return _matches(text, patterns)
    return _leaves_no_choice(parsed, patterns)


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _leaves_no_choice(node: Any, patterns: list[str]) -> bool:
    if isinstance(node, LICENSING.OR):
        return all(_leaves_no_choice(part, patterns) for part in node.args)
    if isinstance(node, LICENSING.AND):
        return any(_leaves_no_choice(part, patterns) for part in node.args)
    return _matches(str(node), patterns)


def denied(packages: list[Package], settings: dict[str, Any]) -> Iterator[Package]:
    """Yield the packages with a denied licence, but for those that are accepted.

    Args:
        packages: what is installed.
        settings: the table `[tool.licenses]`: `deny`, a list of patterns, and `accept`,
            a reason for each package that is accepted.
    """
    for package in packages:
        accepted = package.name in settings["accept"]
        if not accepted and any(
            is_denied(text, settings["deny"]) for text in package.licenses
        ):
            yield package


def main() -> int:
    """Print the list, then what is denied; return 1 if anything is."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = installed()
    for package in packages:
        print(package)
    problems = list(denied(packages, pyproject["tool"]["licenses"]))
    for package in problems:
        print(
            f"licenses: {package} is denied by [tool.licenses] in pyproject.toml; "
            "replace the package, or accept it there with a reason",
            file=sys.stderr,
        )
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
