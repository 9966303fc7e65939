"""What the project has made and what it was made from: models and the template."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..aliases import read_aliases
from ..registry import RegistryError, inspect, versions
from .finding import Finding
from .settings import DoctorSettings

ANSWERS = Path(".cookiecutter.json")  # made with the project
STATE = Path(".cruft.json")  # made by cruft, which updates the project
GIT_SECONDS = 30
UPDATE = "uvx cruft update -y"


def check_models(settings: DoctorSettings) -> Iterator[Finding]:
    """Compare every file of every version with the hash in its manifest."""
    model_dir = settings.models_dir / settings.model_name
    try:
        promoted = read_aliases(model_dir).production
    except RegistryError as error:
        promoted = None
        mend = f"rm {model_dir / 'aliases.json'}; poe registry promote --version N"
        yield Finding("models", "broken", str(error), mend)
    known = versions(model_dir)
    damaged = 0
    for version in known:
        folder = model_dir / str(version)
        try:
            problems = list(inspect(folder)[1])
        except RegistryError as error:
            problems = [str(error)]
        if problems:
            damaged += 1
            mend = f"bring {folder} back from a copy, or: rm -r {folder}"
            if version == promoted:
                mend = f"poe registry rollback; then {mend}"
            yield Finding("models", "broken", "; ".join(problems), mend)
    if not known:
        yield Finding("models", "ok", f"no version in {model_dir} yet")
    elif not damaged:
        found = f"{len(known)} in {model_dir}, every file as it was written"
        yield Finding("models", "ok", found)


def check_template(settings: DoctorSettings) -> Iterator[Finding]:
    """Say which template the project is from and, if asked to, whether it is newer."""
    if not ANSWERS.exists():
        found = f"{ANSWERS} is missing: nobody knows the template's version"
        yield Finding("template", "warning", found, f"git checkout -- {ANSWERS}")
        return
    version = json.loads(ANSWERS.read_text(encoding="utf-8"))["_template_version"]
    if not STATE.exists():
        found = f"version {version}; the project is not linked to it for updates"
        mend = (
            "uvx cruft link TEMPLATE --checkout COMMIT --no-input "
            f'--extra-context "$(cat {ANSWERS})", with the commit of that version'
        )
        yield Finding("template", "ok", found, mend if settings.check_template else "")
        return
    state = json.loads(STATE.read_text(encoding="utf-8"))
    recorded, template = state["commit"], state["template"]
    found = f"version {version}, commit {recorded[:12]} of {template}"
    if settings.check_template:
        newest = newest_commit(template)
        if newest != recorded:
            found += f", which is at {newest[:12]}"
            yield Finding("template", "warning", found, UPDATE)
            return
    yield Finding("template", "ok", found)


def newest_commit(template: str) -> str:
    """Ask a repository for the newest commit of its default branch.

    Raises:
        OSError: If git is not there, or the repository does not answer.
    """
    done = subprocess.run(
        ["git", "ls-remote", "--exit-code", "--", template, "HEAD"],
        # Nobody is there to type a password.
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=GIT_SECONDS,
    )
    if done.returncode:
        raise OSError(f"git ls-remote {template}: {done.stderr.strip()}")
    return done.stdout.split()[0]
