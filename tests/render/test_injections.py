"""Nothing that is typed at a prompt is ever run, by anything that reads a project.

Each text of the corpus would make a file, the canary, if something ran it.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from any_answers import ENTRIES, INJECTIONS, Place
from conftest import PROJECT, ROOT, choices
from readback import FREE_TEXTS, WITH_FREE_TEXT, contents, misread, unparsable

NAMES = {"project_slug": "handwritten-digits", "package_name": "handwritten_digits"}

# Each injection in one of the ways; in all of them with `poe matrix`.
WAYS = [
    pytest.param(
        injection, entry, marks=[pytest.mark.matrix] if (row - column) % 4 else []
    )
    for row, injection in enumerate(INJECTIONS)
    for column, entry in enumerate(ENTRIES)
]


@pytest.fixture
def canary(place: Place, tally: Counter[str], request: pytest.FixtureRequest) -> str:
    """Return the path that nothing must have made when the test is over."""
    path = place.root / f"canary-{uuid4().hex}"

    def look() -> None:
        found = [name for name in place.left() if path.name in name]
        found += [str(p) for p in (ROOT / path.name, Path(path.name)) if p.exists()]
        tally["executions"] += len(found)
        assert found == []

    request.addfinalizer(look)
    return str(path)


def planted(injection: str, canary: str) -> dict[str, str]:
    """Return an injection as each text, which names the canary as its length allows."""
    short = INJECTIONS[injection].replace("CANARY", os.path.basename(canary)).strip()
    long = INJECTIONS[injection].replace("CANARY", canary).strip()
    return {
        "project_name": f"Demo {short}"[:80].strip(),
        "project_description": long[:300].strip(),
        "author_name": short[:80].strip(),
    }


@pytest.mark.parametrize(("injection", "entry"), WAYS)
def test_a_text_is_data_whichever_way_it_comes(
    place: Place, tally: Counter[str], canary: str, injection: str, entry: str
) -> None:
    texts = planted(injection, canary)
    attempt = place.attempt(entry, texts | NAMES)
    assert attempt.project, attempt.said
    tally["rendered"] += 1
    assert list(misread(attempt.project, place.recorded())) == []
    inside = f"out/{attempt.project.name}/"
    left = place.left()
    assert [name for name in left if not name.startswith(inside)] == []
    files = contents(attempt.project, [name.removeprefix(inside) for name in left])
    # Commands of CI, scripts, Dockerfiles, manifests and code cannot hold an answer.
    assert {n for n in files if files[n] != place.defaults[n]} <= WITH_FREE_TEXT
    assert list(unparsable(files)) == []


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("injection", INJECTIONS)
def test_it_is_refused_as_a_name_or_a_choice(
    place: Place, tally: Counter[str], canary: str, injection: str, entry: str
) -> None:
    text = INJECTIONS[injection].replace("CANARY", canary)
    keys = ["project_slug", "package_name", "author_email", *choices()]
    answers = dict.fromkeys(keys, text) | {"package_name": f"{text}x"}
    attempt = place.attempt(entry, answers)
    tally["refused"] += 1
    assert attempt.project is None
    assert [key for key in keys if f"\n  {key}: " not in attempt.said] == []
    assert place.left() == []


@pytest.fixture
def hostile_project(place: Place, canary: str) -> Path:
    """Return a project whose texts hold as much of the corpus as fits."""
    everything = "".join(INJECTIONS[name] for name in ("shell", "makefile", "toml"))
    texts = planted("shell", canary)
    texts["project_description"] = everything.replace("CANARY", "canary")[:300]
    attempt = place.attempt("key=value", texts | NAMES)
    assert attempt.project, attempt.said
    return attempt.project


@pytest.mark.skipif(os.name == "nt", reason="scripts of Linux and macOS")
@pytest.mark.parametrize("script", ["setup_uv.sh", "setup_venv.sh", "setup_conda.sh"])
def test_set_up_runs_no_answer(hostile_project: Path, script: str) -> None:
    """With programs that install nothing, and only say what they were called with."""
    programs = hostile_project.parent / "programs"
    programs.mkdir()
    log = programs / "log"
    # A Python that makes environments of itself.
    fake = '#!/bin/sh\nprintf "%s\\n" "$0 $*" >> "{log}"\n'
    fake += 'case "$*" in *venv*.venv*) mkdir -p .venv/bin; cp "$0" .venv/bin/python;;'
    fake += ' --version) echo "Python 3.12.0";; *"env list"*) echo "# none";; esac\n'
    for name in ("python3", "python3.12", "uv", "conda"):
        program = programs / name
        program.write_text(fake.format(log=log), encoding="utf-8")
        program.chmod(0o755)
    done = subprocess.run(
        ["bash", f"scripts/{script}"],
        cwd=hostile_project,
        env={"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(hostile_project.parent)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "--editable ." in log.read_text(encoding="utf-8")
    shutil.rmtree(programs)


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_the_lists_of_tasks_run_no_answer(hostile_project: Path) -> None:
    poe = [sys.executable, "-m", "poethepoet"]
    for command, task in ((["make", "help"], "train"), (poe, "train")):
        done = subprocess.run(
            command, cwd=hostile_project, capture_output=True, encoding="utf-8"
        )
        assert task in done.stdout + done.stderr, done.stderr
        assert "Traceback" not in done.stderr


def test_no_command_of_ci_holds_a_free_text_or_expands_one(place: Place) -> None:
    """Not even in the raw template: a free text is named in few files."""
    project = ROOT / PROJECT
    named = {
        path.relative_to(project).as_posix()
        for path in project.rglob("*")
        if path.is_file()
        and any(f"cookiecutter.{key}" in path.read_text("utf-8") for key in FREE_TEXTS)
    }
    by_filters = {".cookiecutter.json", "LICENSE"}  # which name no answer
    assert named | by_filters == WITH_FREE_TEXT
    for name, content in place.defaults.items():
        if not name.startswith(".github/workflows/"):
            continue
        for job in yaml.safe_load(content)["jobs"].values():
            commands = [step.get("run", "") for step in job["steps"]]
            # An expression in a command is pasted into it before the shell reads it.
            assert [command for command in commands if "${{" in command] == []
