"""Find conflicts that nobody has resolved."""


def main(files):
    """Print the files with a mark of a conflict; return the exit status."""
    return 0
