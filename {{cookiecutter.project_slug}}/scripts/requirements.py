"""Compile requirements/*.txt from pyproject.toml, and tell when they are stale.

    poe lock                  compile; versions that still fit are kept
    poe lock --upgrade        compile with the newest versions
    poe lock dev              compile requirements/dev.txt alone
    python scripts/requirements.py check
    poe audit                 ask PyPI for known vulnerabilities of the pins

The audit is about every version that this machine would install: pip-audit passes over
pins that are for other systems or Pythons.

Every file starts with a SHA-256 of what it was compiled from, so `check` needs no
network and notices any change of a range in its group, or of the supported Pythons.
uv does the resolving. `uv.lock` would do the same work, but it records the address of
the package index, and these files are to be committed whatever index you use. What uv
reads from the environment counts here too, such as UV_FIND_LINKS, a folder of wheels,
and UV_CONSTRAINT, a file of versions to choose.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "requirements"
STAMP = "# pyproject.toml sha256: "
# Without the project's own dependencies: these are installed before, or beside, it.
STANDALONE = ("build", "pipeline", "server")


def read_pyproject(root: Path = ROOT) -> dict[str, Any]:
    """Return the parsed pyproject.toml of `root`."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def members(pyproject: dict[str, Any], group: str) -> list[str]:
    """Return what a group asks for, together with the groups that it includes."""
    found: set[str] = set()
    for entry in pyproject["dependency-groups"][group]:
        if isinstance(entry, str):
            found.add(entry)
        else:
            found.update(members(pyproject, entry["include-group"]))
    return sorted(found)


def fingerprint(pyproject: dict[str, Any], name: str) -> str:
    """Return the SHA-256 of what a file is compiled from.

    Only its own group counts, so that a group more or less leaves the others' files as
    they are. uv.txt has the version of uv that dev.txt has.
    """
    project = pyproject["project"]
    group = {"base": None, "uv": "dev"}.get(name, name)
    decisive = {
        "requires-python": project["requires-python"],
        "dependencies": [] if name in STANDALONE else project["dependencies"],
        "group": members(pyproject, group) if group else [],
    }
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def oldest_python(pyproject: dict[str, Any]) -> str:
    """Return the lower bound of `requires-python`, such as "3.11"."""
    bound = re.search(r">=\s*([\d.]+)", pyproject["project"]["requires-python"])
    if bound is None:
        raise SystemExit("pyproject.toml: requires-python must have a `>=` bound")
    return bound[1]


def plan(pyproject: dict[str, Any]) -> dict[str, list[str]]:
    """Return, for each requirements file, the arguments that name its sources."""
    files = {"base": ["pyproject.toml"], "uv": ["-"]}
    for group in pyproject["dependency-groups"]:
        sources = [] if group in STANDALONE else ["pyproject.toml"]
        files[group] = [*sources, "--group", f"pyproject.toml:{group}"]
    return files


def stale_files(root: Path = ROOT) -> list[str]:
    """Return what is wrong with requirements/, one sentence a file; empty if fine."""
    pyproject = read_pyproject(root)
    expected = {f"{name}.txt" for name in plan(pyproject)}
    present = {path.name for path in (root / "requirements").glob("*.txt")}
    problems = [f"{name} is missing" for name in sorted(expected - present)]
    problems += [
        f"{name} belongs to no dependency group" for name in sorted(present - expected)
    ]
    for name in sorted(expected & present):
        text = (root / "requirements" / name).read_text(encoding="utf-8")
        stamp = STAMP + fingerprint(pyproject, name.removesuffix(".txt"))
        if text.partition("\n")[0] != stamp:
            problems.append(f"{name} was compiled from another pyproject.toml")
    return problems


def compile_file(name: str, sources: list[str], options: list[str], stamp: str) -> None:
    """Resolve `sources` and write requirements/<name>.txt, with every hash."""
    target = FOLDER / f"{name}.txt"
    command = ["uv", "pip", "compile", *sources, "--universal", "--generate-hashes"]
    command += ["--no-header", "--no-annotate", "--fork-strategy", "fewest"]
    command += ["--quiet", "--output-file", str(target), *options]
    # Read where the source is "-": uv itself, in the version that dev.txt has.
    subprocess.run(command, check=True, cwd=ROOT, input="uv\n", text=True)
    body = target.read_text(encoding="utf-8")
    target.write_text(f"{stamp}\n{body}", encoding="utf-8", newline="\n")
    print(f"requirements/{target.name}: {body.count('==')} packages")


def compile_files(wanted: list[str], upgrade: bool) -> None:
    """Compile the files named, or all, so that a package has one version in them."""
    pyproject = read_pyproject()
    FOLDER.mkdir(exist_ok=True)
    # Otherwise uv takes the running Python for the oldest one to be supported.
    options = ["--python-version", oldest_python(pyproject)]
    options += ["--upgrade"] if upgrade else []
    files = plan(pyproject)
    unknown = set(wanted) - set(files)
    if unknown:
        raise SystemExit(
            f"no dependency group {', '.join(sorted(unknown))}; there are "
            f"{', '.join(sorted(files))}"
        )
    # `dev` and `ml` are what everybody installs: they choose, the others follow.
    for name in sorted(files, key=lambda name: (name != "dev", name != "ml", name)):
        if not wanted or name in wanted:
            follow = ["--constraints", "requirements/dev.txt"] if name != "dev" else []
            stamp = STAMP + fingerprint(pyproject, name)
            compile_file(name, files[name], options + follow, stamp)


def audit(root: Path, options: list[str]) -> int:
    """Let pip-audit look up what this machine would install; return its exit status.

    That is 1 if a version has a known vulnerability.

    Args:
        root: the folder that holds requirements/.
        options: more options for pip-audit, which its own --help lists.
    """
    command = ["pip-audit", "--disable-pip", "--require-hashes"]
    command += ["--progress-spinner", "off"]
    for file in sorted((root / "requirements").glob("*.txt")):
        command += ["--requirement", str(file)]
    return subprocess.run([*command, *options], check=False).returncode


def main() -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("action", choices=["compile", "check", "audit"])
    parser.add_argument("groups", nargs="*", help="what to compile; all by default")
    parser.add_argument("--upgrade", action="store_true", help="newest versions")
    if sys.argv[1:2] == ["audit"]:  # what follows is pip-audit's
        return audit(ROOT, sys.argv[2:])
    arguments = parser.parse_args()
    if arguments.action == "compile":
        compile_files(arguments.groups, arguments.upgrade)
        return 0
    problems = stale_files()
    for problem in problems:
        print(f"requirements: {problem}; run `poe lock`", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
