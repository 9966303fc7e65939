"""Python and what is installed, against pyproject.toml and requirements/.

Needs the standard library only: that other packages are missing is what it looks for.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module, metadata, util
from pathlib import Path

from .finding import SET_UP, Finding

PYPROJECT = Path("pyproject.toml")
SCRIPT = Path("scripts/requirements.py")
# What set-up installs.
FILES = "requirements/dev.txt{{ ' requirements/tracking.txt' if 'track' in cookiecutter.__extras }}"
PIN = re.compile(r"([\w.-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$")
BOUND = re.compile(r"(>=|<)\s*(\d+)\.(\d+)")
SHOWN = 5  # names in a sentence


def check_python() -> Iterator[Finding]:
    """Compare this Python with `requires-python`."""
    wanted = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    bounds = {
        sign: (int(major), int(minor))
        for sign, major, minor in BOUND.findall(wanted["requires-python"])
    }
    running = sys.version_info[:2]
    fits = bounds.get(">=", running) <= running < bounds.get("<", (sys.maxsize, 0))
    found = f"{sys.version.split()[0]}; the project runs on {wanted['requires-python']}"
    if fits:
        yield Finding("Python", "ok", found)
    else:
        yield Finding("Python", "broken", found, SET_UP)


def check_installed() -> Iterator[Finding]:
    """Compare the installed versions with those that set-up installs."""
    missing, other, count = [], [], 0
    for name, version in pins().items():
        count += 1
        installed = installed_version(name)
        if installed is None:
            missing.append(name)
        elif not fits(installed, version):
            other.append(f"{name} {installed} instead of {version}")
    if missing:
        found = f"{len(missing)} packages are missing: {shortened(missing)}"
        yield Finding("environment", "broken", found, SET_UP)
    if other:
        found = f"{len(other)} packages are not the tested ones: {shortened(other)}"
        yield Finding("environment", "warning", found, SET_UP)
    if not missing and not other:
        found = f"{count} packages, all in the tested versions"
        yield Finding("environment", "ok", found)


def pins() -> dict[str, str]:
    """Return the version of each package that this machine needs."""
    found = {}
    for file in FILES.split():
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            pin = PIN.match(line)
            if pin and (pin[3] is None or applies(pin[3])):
                found[pin[1]] = pin[2]
    return found


def applies(marker: str) -> bool:
    """Whether an environment marker (PEP 508) is true here.

    Where `packaging` is missing, no: it is pinned itself, and its own absence is told.
    """
    if util.find_spec("packaging") is None:
        return False
    return bool(import_module("packaging.markers").Marker(marker).evaluate())


def fits(installed: str, pinned: str) -> bool:
    """Whether a version is the one that was pinned (PEP 440).

    That includes a build of it, such as 2.9.0+cpu, and another spelling.
    """
    if installed == pinned or util.find_spec("packaging") is None:
        return installed == pinned
    wanted = import_module("packaging.specifiers").SpecifierSet(f"=={pinned}")
    return bool(wanted.contains(installed, prereleases=True))


def installed_version(name: str) -> str | None:
    """Return a package's version; None if it, or its metadata, is not there."""
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    # What was cut off while it was installed can have a folder with nothing in it.
    if distribution.read_text("METADATA") is None:
        return None
    return distribution.version


def shortened(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def check_requirements() -> Iterator[Finding]:
    """Ask the script that compiles requirements/ whether they are stale."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "check"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode == 0:
        yield Finding("requirements", "ok", "compiled from this pyproject.toml")
        return
    lines = done.stderr.strip().splitlines()
    problems = [
        line.removeprefix("requirements: ").partition("; run")[0]
        for line in lines
        if line.startswith("requirements: ")
    ]
    # A traceback says most in its last line.
    yield Finding(
        "requirements", "broken", shortened(problems or lines[-1:]), "poe lock"
    )
