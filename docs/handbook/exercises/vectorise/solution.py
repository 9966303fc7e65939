"""A loop that NumPy can do."""

import numpy as np


def mean_squared_error(truth, predicted):
    """Return the mean of the squared differences of two arrays of one length."""
    return float(np.mean((truth - predicted) ** 2))
