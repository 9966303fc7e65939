"""A file that is larger than the memory."""

import pandas as pd


def mean_of(path, column, rows=1_000):
    """Return the mean of a column of a CSV file, read `rows` rows at a time.

    Missing values do not count.
    """
    total, count = 0.0, 0
    for chunk in pd.read_csv(path, chunksize=rows, usecols=[column]):
        total += chunk[column].sum()
        count += chunk[column].count()
    return total / count
