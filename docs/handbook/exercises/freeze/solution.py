"""What is installed?"""

from importlib.metadata import distributions


def freeze():
    """Return `name==version` of each installed package, sorted, names in lower case."""
    return sorted({f"{each.name.lower()}=={each.version}" for each in distributions()})
