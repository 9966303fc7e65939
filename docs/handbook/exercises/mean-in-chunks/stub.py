"""A file that is larger than the memory."""

import pandas as pd


def mean_of(path, column, rows=1_000):
    """Return the mean of a column of a CSV file, read `rows` rows at a time.

    Missing values do not count.
    """
    chunks = pd.read_csv(path, chunksize=rows)
    means = [chunk[column].mean() for chunk in chunks]
    return sum(means) / len(means)
