"""Make names that fit into an address."""

import re


def slug(title):
    """Return a title in small letters, with hyphens between the words.

    >>> slug("Handwritten Digits")
    'handwritten-digits'
    >>> slug("  What's new in 2.0?")
    'what-s-new-in-2-0'
    >>> slug("")
    ''
    """
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))
