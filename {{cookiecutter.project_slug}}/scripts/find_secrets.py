"""Look for passwords, keys and tokens in the files that git has, or would take.

    python scripts/find_secrets.py             all of them; `poe check` does this
    python scripts/find_secrets.py FILE ...    these; the pre-commit hook does this

detect-secrets knows what they look like. What is none says so where it stands, by a
comment on its line or on the one above:

    address = "http://ada:example@host"  # pragma: allowlist secret

    # pragma: allowlist nextline secret
    checksum = "731c5ac602752760c8e48fbffcf8c3b8"

So there is no list of exceptions in a file of its own, which nobody reads. A secret
that has been pushed stays in git's history: make it invalid, removing it is not enough.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings

# Outside a repository, git's search applies the same rules about what to ignore.
LISTS = (
    ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
    ("git", "grep", "-z", "-l", "--no-index", "--exclude-standard", ""),
)
# Thousands of lines of SHA-256, which uv writes.
SKIPPED = re.compile(r"(.*/)?requirements/[a-z]+\.txt")


def files_of(folder: Path) -> list[str]:
    """Return the files below a folder that git has, or that it does not ignore.

    Raises:
        SystemExit: If there is no git, or it cannot list them, with what it says.
    """
    for command in LISTS:
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        except FileNotFoundError as error:
            raise SystemExit(
                "find_secrets: git, which lists the files, is not on the PATH; "
                "install it, or name the files to read"
            ) from error
        if done.returncode == 0:
            names = os.fsdecode(done.stdout).split("\0")
            return [name for name in names if (folder / name).is_file()]
    raise SystemExit(
        f"find_secrets: git cannot list the files: {os.fsdecode(done.stderr)}"
    )


def find_secrets(files: list[str], folder: Path) -> list[str]:
    """Return a line "file:line: kind" for whatever looks like a secret, never itself.

    Args:
        files: paths relative to `folder`. Those that are no text are passed over.
        folder: what they are relative to.
    """
    found = SecretsCollection(root=str(folder))
    # Nothing is sent anywhere: detect-secrets asks services whether a key is valid only
    # where it is told to, and these settings do not.
    with default_settings():
        for name in files:
            # Not `scan_files`: it forks, which can hang a process that has threads.
            found.scan_file(name)
    return sorted(
        f"{Path(name).as_posix()}:{secret.line_number}: {secret.type}"
        for name, secret in found
    )


def main(files: list[str]) -> int:
    """Print what was found; return 1 if there is anything."""
    folder = Path.cwd()
    # pre-commit names all that is committed, requirements/ among it.
    wanted = [
        name
        for name in files or files_of(folder)
        if not SKIPPED.fullmatch(Path(name).as_posix())
    ]
    found = find_secrets(wanted, folder)
    for line in found:
        print(f"find_secrets: {line}", file=sys.stderr)
    if found:
        print(
            "find_secrets: put secrets into .env or the environment, and make those "
            "invalid that have been pushed; what is none gets the comment "
            "`# pragma: allowlist secret`",
            file=sys.stderr,
        )
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
