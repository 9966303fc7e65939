"""Compare files with their hashes."""


def changed(folder):
    """Return the names in SHA256SUMS whose file is missing or another one."""
    return []
