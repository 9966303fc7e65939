"""Read a CHANGELOG."""


def notes(changelog, version):
    """Return what a CHANGELOG says of a version."""
    return changelog
