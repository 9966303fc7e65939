"""Make names that fit into an address."""

import re


def slug(title):
    """Return a title in small letters, with hyphens between the words."""
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))
