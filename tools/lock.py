"""Compile requirements/*.txt of the template and of the generated project.

Also lists, in distributions.txt, what a project may install: no project or package may
have such a name, and reading the list is quicker than reading all requirements.

    python tools/lock.py [--upgrade]

The generated project's own script does the work for the project, in a render of the
defaults: no answer changes a dependency, so the files serve every render.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "templates"
DISTRIBUTIONS = ROOT / "distributions.txt"
COMPILE = ["uv", "pip", "compile", "--universal", "--generate-hashes", "--no-header"]
OPTIONS = ["--no-annotate", "--fork-strategy", "fewest", "--quiet"]
# Otherwise uv takes the running Python for the oldest one to be supported.
OPTIONS += ["--python-version", "3.11"]


def lock_template(upgrade: list[str]) -> None:
    """Compile dev.txt, and uv.txt with the same version of uv."""
    folder = ROOT / "requirements"
    folder.mkdir(exist_ok=True)
    dev = ["pyproject.toml", "--group", "dev", "-o", "requirements/dev.txt"]
    subprocess.run([*COMPILE, *dev, *OPTIONS, *upgrade], cwd=ROOT, check=True)
    uv = ["-", "-c", "requirements/dev.txt", "-o", "requirements/uv.txt"]
    command = [*COMPILE, *uv, *OPTIONS]
    subprocess.run(command, cwd=ROOT, check=True, input="uv\n", text=True)


def lock_project(upgrade: list[str]) -> None:
    """Render the defaults, compile there, and bring the files back."""
    with tempfile.TemporaryDirectory() as folder:
        cookiecutter = [sys.executable, "-m", "cookiecutter", str(ROOT), "--no-input"]
        options = ["--default-config", "--output-dir", folder]
        subprocess.run([*cookiecutter, *options], check=True)
        (project,) = Path(folder).iterdir()
        script = [sys.executable, "scripts/requirements.py", "compile", *upgrade]
        subprocess.run(script, cwd=project, check=True)
        for file in (project / "requirements").glob("*.txt"):
            shutil.copy(file, TEMPLATES / "tensorflow" / "requirements" / file.name)


def distributions() -> list[str]:
    """Return the sorted names of all distributions that a project may install."""
    names = {"pip", "setuptools", "wheel"}  # pinned or not
    for file in TEMPLATES.glob("*/requirements/*.txt"):
        pins = re.findall(r"^([a-z0-9-]+)\S*==", file.read_text("utf-8"), re.M)
        names.update(pins)  # uv writes normalised names
    return sorted(names)


if __name__ == "__main__":
    lock_template(sys.argv[1:])
    lock_project(sys.argv[1:])
    text = "".join(f"{name}\n" for name in distributions())
    DISTRIBUTIONS.write_text(text, encoding="utf-8", newline="\n")
