"""Find what has no docstring."""

import ast

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def undocumented(source):
    """Return the names of public functions and classes without a docstring."""
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, DEFINITIONS)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]
