"""Look at the bytecode of a function."""

import dis


def opcodes(function):
    """Return the names of the instructions, each once, in alphabetical order."""
    return sorted({step.opname for step in dis.get_instructions(function)})
