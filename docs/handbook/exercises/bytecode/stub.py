"""Look at the bytecode of a function."""


def opcodes(function):
    """Return the names of the instructions, each once, in alphabetical order."""
    return []
