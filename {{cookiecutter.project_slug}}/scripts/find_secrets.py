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
        SystemExit: If git cannot list them, with what git says.
    """
    for command in LISTS:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        if done.returncode == 0:
            names = done.stdout.decode().split("\0")
            return [
                name
                for name in names
                if (folder / name).is_file() and not SKIPPED.fullmatch(name)
            ]
    raise SystemExit(f"find_secrets: git cannot list the files: {done.stderr.decode()}")


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
        found.scan_files(*files)
    return sorted(
        f"{Path(name).as_posix()}:{secret.line_number}: {secret.type}"
        for name, secret in found
    )


def main(files: list[str]) -> int:
    """Print what was found; return 1 if there is anything."""
    folder = Path.cwd()
    found = find_secrets(files or files_of(folder), folder)
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
