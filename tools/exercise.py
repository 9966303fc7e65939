"""Test your solution of one of the handbook's exercises; the first time, hand it out.

    python tools/exercise.py NAME     poe exercise NAME

Your file is exercises/NAME.py. It begins as the exercise's stub, and is never
overwritten.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXERCISES = ROOT / "docs" / "handbook" / "exercises"
YOURS = ROOT / "exercises"
PYTEST = ["-q", "--tb=short", "--import-mode=importlib", "-p", "no:cacheprovider"]


def command(tests: Path) -> list[str]:
    """Return what tests the file that the variable EXERCISE names."""
    alone = ["-c", os.devnull, "--rootdir", str(EXERCISES)]
    return [sys.executable, "-m", "pytest", *PYTEST, *alone, str(tests)]


def main(name: str) -> int:
    """Hand out an exercise or test what was made of it; return the exit status."""
    folder = EXERCISES / name
    if not (folder / "stub.py").is_file():
        names = sorted(file.parent.name for file in EXERCISES.glob("*/stub.py"))
        raise SystemExit(f"no exercise {name!r}; there are: {', '.join(names)}")
    yours = YOURS / f"{name}.py"
    if not yours.exists():
        YOURS.mkdir(exist_ok=True)
        shutil.copy(folder / "stub.py", yours)
    print(f"your file: {yours.relative_to(ROOT)}", flush=True)
    environment = os.environ | {"EXERCISE": str(yours)}
    return subprocess.run(command(folder), env=environment).returncode


if __name__ == "__main__":
    sys.exit(main("".join(sys.argv[1:])))
