"""A default that all calls share."""


def count_labels(labels, counts={}):
    """Return how often each label occurs, added to `counts` if that is given.

    `counts` itself stays as it is.
    """
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    return counts
