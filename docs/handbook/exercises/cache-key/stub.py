"""Name a cache."""


def cache_key(prefix, files):
    """Return a key for the content of files, which are paths."""
    return prefix + "-" + "".join(file.read_text() for file in files)
