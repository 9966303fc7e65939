"""Dependency groups, as PEP 735 has them."""


def packages(groups, name):
    """Return what a group asks for, in order, included groups expanded.

    Args:
        groups: The table `[dependency-groups]` of a pyproject.toml.
        name: One of its keys.
    """
    found = []
    for entry in groups[name]:
        if isinstance(entry, str):
            found.append(entry)
        else:
            found += packages(groups, entry["include-group"])
    return found
