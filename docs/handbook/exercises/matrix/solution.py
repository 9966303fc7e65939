"""Expand the matrix of a workflow."""

from itertools import product


def expand(matrix):
    """Return the jobs of a matrix, each as a dict."""
    lists = {k: v for k, v in matrix.items() if k not in ("include", "exclude")}
    jobs = [dict(zip(lists, values)) for values in product(*lists.values())]
    if not lists:
        jobs = []  # the product of nothing is one empty combination
    for left_out in matrix.get("exclude", []):
        jobs = [job for job in jobs if not left_out.items() <= job.items()]
    return jobs + matrix.get("include", [])
