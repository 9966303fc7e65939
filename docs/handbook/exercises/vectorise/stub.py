"""A loop that NumPy can do."""


def mean_squared_error(truth, predicted):
    """Return the mean of the squared differences of two arrays of one length."""
    total = 0.0
    for wanted, found in zip(truth, predicted):
        total += (wanted - found) ** 2
    return total / len(truth)
