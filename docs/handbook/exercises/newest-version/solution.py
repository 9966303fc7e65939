"""Versions are no texts."""

from packaging.specifiers import SpecifierSet
from packaging.version import Version


def newest(versions, allowed):
    """Return the newest of some versions that a range such as ">=2,<3" allows.

    Pre-releases do not count. None if there is no such version.
    """
    fitting = SpecifierSet(allowed).filter(versions, prereleases=False)
    return max(fitting, key=Version, default=None)
