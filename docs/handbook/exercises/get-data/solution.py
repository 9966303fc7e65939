"""Read a table."""

import pandas as pd


def get_data(path, cols_to_drop=()):
    """Return the table of a CSV file without some columns.

    Raises:
        ValueError: If there is no such column; the message names the file.
    """
    try:
        return pd.read_csv(path).drop(columns=list(cols_to_drop))
    except KeyError as error:
        raise ValueError(f"{path}: {error}") from error
