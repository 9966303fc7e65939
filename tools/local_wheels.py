"""Let a rendered project install what a folder of wheels has instead of PyPI's build.

    UV_FIND_LINKS=FOLDER python tools/local_wheels.py PROJECT

Such a folder may hold another build of a library: PyTorch without CUDA, for example,
which saves several GB. Its version says so (`2.13.0+cpu`), so the project's train.txt
is compiled again with that version, for the set-up that follows. Without UV_FIND_LINKS,
or where no such wheel concerns the project, nothing is done.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def other_builds(folder: Path, project: Path) -> dict[str, str]:
    """Return name==version of the wheels to prefer, each with the Python it is for."""
    pinned = (project / "requirements" / "train.txt").read_text(encoding="utf-8")
    found = {}
    for wheel in sorted(folder.glob("*.whl")):
        # name-version-python-abi-platform.whl
        name, version, python, *_ = wheel.name.split("-")
        name = name.replace("_", "-").lower()
        if "+" in version and re.search(rf"^{re.escape(name)}==", pinned, re.MULTILINE):
            found[f"{name}=={version}"] = python
    return found


def prefer(folder: Path, project: Path) -> None:
    """Compile the project's train.txt with the wheels in the folder.

    Raises:
        SystemExit: If a wheel is for another Python than the project's.
    """
    builds = other_builds(folder, project)
    if not builds:
        return
    version = (project / ".python-version").read_text(encoding="utf-8").strip()
    for build, python in builds.items():
        if python.startswith("cp3") and python != f"cp{version.replace('.', '')}":
            wanted = f"3.{python.removeprefix('cp3')}"
            raise SystemExit(
                f"{build} in {folder} is for Python {wanted}, the project for "
                f"{version}: render it with python_version={wanted}, or unset "
                "UV_FIND_LINKS"
            )
    train = project / "requirements" / "train.txt"
    command = ["uv", "pip", "compile", "--quiet", "pyproject.toml", "--group", "train"]
    with tempfile.TemporaryDirectory() as temporary:
        constraints = Path(temporary) / "constraints.txt"
        constraints.write_text("\n".join(builds) + "\n", encoding="utf-8")
        command += ["-c", str(constraints), "--python-version", "3.11"]
        beside = str(Path(sys.executable).parent)  # uv, unless another one is on PATH
        path = os.pathsep.join([os.environ["PATH"], beside])
        subprocess.run(
            [*command, "-o", str(train)],
            cwd=project,
            env=os.environ | {"PATH": path},
            check=True,
        )


if __name__ == "__main__":
    if links := os.environ.get("UV_FIND_LINKS"):
        prefer(Path(links).resolve(), Path(sys.argv[1]).resolve())
