"""Expand the matrix of a workflow."""


def expand(matrix):
    """Return the jobs of a matrix, each as a dict."""
    return matrix.get("include", [])
