"""Read a CHANGELOG."""

import re


def notes(changelog, version):
    """Return what a CHANGELOG says of a version."""
    heading = rf"^## \[{re.escape(version)}\].*?\n"
    found = re.search(rf"{heading}(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    if found is None:
        raise ValueError(f"no section for {version}")
    return found[1].strip()
