"""Count what a log says."""

import re
from collections import Counter

LEVELS = "DEBUG|INFO|WARNING|ERROR|CRITICAL"


def count(text):
    """Return how many lines of each level there are: `12:30:01 INFO  text`."""
    found = re.findall(rf"^\d\d:\d\d:\d\d +({LEVELS})\b", text, re.MULTILINE)
    return dict(Counter(found))
