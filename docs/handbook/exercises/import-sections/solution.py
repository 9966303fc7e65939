"""Sort imports as isort does."""

import sys


def section(module, own):
    """Return the section that `import module` belongs to."""
    top = module.partition(".")[0]
    if top == "__future__":
        return "future"
    if top in own:
        return "own"
    return "standard" if top in sys.stdlib_module_names else "third-party"
