"""What is installed?"""


def freeze():
    """Return `name==version` of each installed package, sorted, names in lower case."""
    return []
