"""Files that are written whole or not at all; what they hold, and what made them.

Yours: nothing has to change here.
"""

import hashlib
import json
import platform
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .config import ProjectError

INCOMPLETE = ".incomplete-"  # how the folders begin that something is prepared in
STALE_SECONDS = 24 * 60 * 60  # longer than any preparation takes
VERIFY = "`registry verify` says whether it is the one that was written"


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` write a file under a temporary name, then rename it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid.uuid4().hex}.{path.name}")  # keeps the suffix
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    write_whole(path, lambda file: file.write_text(text, "utf-8", newline="\n"))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file, whole or not at all."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


@contextmanager
def incomplete_folder(parent: Path) -> Iterator[Path]:
    """Give a folder to prepare something in; remove it if it was not renamed."""
    parent.mkdir(parents=True, exist_ok=True)
    for stale in parent.glob(f"{INCOMPLETE}*"):  # of a process that was killed
        with suppress(FileNotFoundError):  # it was finished meanwhile
            if time.time() - stale.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(stale, ignore_errors=True)
    with TemporaryDirectory(None, INCOMPLETE, parent) as private:
        folder = Path(private, "new")  # which others may read once it is renamed
        folder.mkdir()
        yield folder


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, by its path with slashes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            found[name] = "none"  # what a link leads to may be another file later
        elif path.is_file():
            with path.open("rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


@contextmanager
def careful(file: Path, advice: str = VERIFY) -> Iterator[None]:
    """Let a library read a file; whatever it runs into becomes a ProjectError.

    Args:
        file: What is read.
        advice: What the user can do if it is damaged, or refused by the library.
    """
    try:
        yield
    except ProjectError:
        raise
    except Exception as error:  # damaged bytes bring whatever the library runs into
        reason = (str(error).strip() or "no reason given").splitlines()[0]
        raise ProjectError(
            f"{file} is damaged, or carries code: {type(error).__name__}: {reason}; "
            f"{advice}"
        ) from error


def library_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of the distributions that are installed."""
    found = {"python": platform.python_version()}
    for name in names:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def git_commit() -> str | None:
    """Return the commit of the working folder, "+" if files have changed; or None."""
    command = "git describe --always --abbrev=40 --exclude=* --dirty=+".split()
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
