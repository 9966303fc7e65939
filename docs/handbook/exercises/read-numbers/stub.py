"""One block that reads, computes and prints: take it apart."""


def read_numbers(path):
    """Return the numbers of a file, one a line; empty lines do not count."""
    return []


def describe(numbers):
    """Return {"count": ..., "sum": ..., "mean": ...}; the mean of none is None."""
    return {}


def main(path):
    """Print one line, such as "3 numbers, sum 6.0, mean 2.0"; return it."""
    count, total = 0, 0.0
    for line in open(path):
        count = count + 1
        total = total + float(line)
    print(count, "numbers, sum", total, "mean", total / count)
