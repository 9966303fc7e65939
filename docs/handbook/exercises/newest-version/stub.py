"""Versions are no texts."""


def newest(versions, allowed):
    """Return the newest of some versions that a range such as ">=2,<3" allows.

    Pre-releases do not count. None if there is no such version.
    """
    return max(versions)
