"""How a shell finds a program."""

import os


def which(name, path):
    """Return the path of a program, or None.

    Args:
        name: What was typed, such as "python".
        path: Folders with ":" in between; an earlier one wins.
    """
    for folder in path.split(":"):
        file = os.path.join(folder, name)
        if os.path.isfile(file) and os.access(file, os.X_OK):
            return file
    return None
