"""Compare files with their hashes."""

import hashlib


def changed(folder):
    """Return the names in SHA256SUMS whose file is missing or another one."""
    wrong = []
    for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines():
        expected, _, name = line.partition("  ")
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            found = None
        if found != expected:
            wrong.append(name)
    return wrong
