"""A default that no calls share."""


def count_labels(labels, counts=None):
    """Return how often each label occurs, added to `counts` if that is given.

    `counts` itself stays as it is.
    """
    found = dict(counts or {})
    for label in labels:
        found[label] = found.get(label, 0) + 1
    return found
