"""Name a cache."""

import hashlib


def cache_key(prefix, files):
    """Return a key for the content of files, which are paths."""
    whole = hashlib.sha256()
    for file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        whole.update(f"{content}  {file.name}\n".encode())
    return f"{prefix}-{whole.hexdigest()}"
