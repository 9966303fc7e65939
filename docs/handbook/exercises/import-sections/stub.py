"""Sort imports as isort does."""


def section(module, own):
    """Return the section that `import module` belongs to."""
    return "standard"
