"""What is in a folder: its files, their hashes, and what differs from those noted."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from .files import file_sha256

INCOMPLETE = ".incomplete-"  # how the folders begin that something is prepared in


def names(folder: Path) -> set[str]:
    """Return the paths of whatever is in a folder and no folder, with slashes."""
    found: set[str] = set()
    # os.walk passes over what vanishes meanwhile: an export tidies up.
    for parent, folders, files in os.walk(folder):
        within = Path(parent).relative_to(folder)
        folders[:] = [name for name in folders if not name.startswith(INCOMPLETE)]
        # A link to a folder is listed, and not followed: what it leads to may change.
        links = [name for name in folders if (folder / within / name).is_symlink()]
        found.update((within / name).as_posix() for name in [*files, *links])
    return found


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a folder, by its path."""
    return {name: file_sha256(folder / name) for name in sorted(names(folder))}


def differences(
    folder: Path, expected: Mapping[str, str], found: set[str], added: set[str]
) -> Iterator[str]:
    """Yield a sentence for every file that is one too many, missing or changed.

    A file that is expected and has become a link or a device counts as changed.

    Args:
        folder: The folder.
        expected: The SHA-256 of each file, by its path.
        found: What is there, from `names`.
        added: What of it should not be there.
    """
    for name in sorted(added):
        yield f"{name} was added to {folder}"
    for name, sha256 in expected.items():
        file = folder / name
        if name not in found:
            yield f"{name} is missing from {folder}"
        elif not stat.S_ISREG(file.lstat().st_mode):
            # Hashed now, a link may lead elsewhere when it is read.
            yield f"{file} is a link or a device; copy the file itself there"
        elif file_sha256(file) != sha256:
            yield (
                f"{file} was changed after it was written: its SHA-256 is not the "
                f"{sha256} that was noted"
            )
