"""What is asked of a model's file before a library reads it, and how it is refused.

The hashes of a version are compared before (registry.py). This is for the case that
they were written by whoever wrote the file: what the libraries load runs no code from
it (each `load_model` says how), and an archive is looked at before it is opened.
"""

import re
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .config import ProjectError

MAX_FILES = 10_000  # in one archive
MAX_BYTES = 8 << 30  # of what an archive unpacks to
# Weights hardly shrink, and lists of zeros do so by 1,000. A small archive may.
MAX_EXPANSION = 200
FREE_BYTES = 64 << 20

# What leads out of a folder on some system: "..", a drive, a backslash, the root.
LEADS_OUT = re.compile(r"^/|^[A-Za-z]:|\\|(^|/)\.\.(/|$)|\0")

ADVICE = (
    "It is not loaded. Take the file from where it was trained, or train again; "
    "`registry verify` says whether it is the one that was written"
)


class ModelFileError(ProjectError):
    """A file is damaged, carries code, or is no file of a model at all."""


@contextmanager
def careful(file: Path) -> Iterator[None]:
    """Let a library read a file of a model; say what is wrong if it does not.

    Args:
        file: What is read. If it is a zip archive, as the files of Keras, PyTorch,
            skops and NumPy are, it is looked at first.

    Raises:
        ModelFileError: If an archive is not to be opened, or the library gives up.
    """
    try:
        if zipfile.is_zipfile(file):
            check_archive(file)
        yield
    except ProjectError:
        raise
    except Exception as error:  # damaged bytes bring whatever the library runs into
        reason = (str(error).strip() or "no reason given").splitlines()[0]
        raise ModelFileError(
            f"{file} is damaged, or carries code: {type(error).__name__}: {reason}. "
            f"{ADVICE}"
        ) from error


def check_archive(file: Path) -> None:
    """Refuse a zip archive that leads out of its folder, or unpacks to too much.

    Raises:
        ModelFileError: The message names the entry.
    """
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
    names: set[str] = set()
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if LEADS_OUT.search(entry.filename) or entry.filename in names:
            raise refusal(file, entry, "leads out of its folder, or is there twice")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise refusal(file, entry, "is a link or a device")
        names.add(entry.filename)
    unpacked = sum(entry.file_size for entry in entries)
    allowed = max(FREE_BYTES, MAX_EXPANSION * file.stat().st_size)
    if len(entries) > MAX_FILES or unpacked > min(MAX_BYTES, allowed):
        raise ModelFileError(
            f"{file} holds {len(entries)} files of {unpacked} bytes, far more than a "
            f"model needs. {ADVICE}"
        )


def refusal(file: Path, entry: zipfile.ZipInfo, why: str) -> ModelFileError:
    """Return the error for an entry of an archive."""
    return ModelFileError(f"{file}: {entry.filename!r} in it {why}. {ADVICE}")
