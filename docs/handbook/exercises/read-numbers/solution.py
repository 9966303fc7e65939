"""One block that reads, computes and prints: taken apart."""

from pathlib import Path


def read_numbers(path):
    """Return the numbers of a file, one a line; empty lines do not count."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [float(line) for line in lines if line.strip()]


def describe(numbers):
    """Return {"count": ..., "sum": ..., "mean": ...}; the mean of none is None."""
    total = sum(numbers)
    mean = total / len(numbers) if numbers else None
    return {"count": len(numbers), "sum": total, "mean": mean}


def main(path):
    """Print one line, such as "3 numbers, sum 6.0, mean 2.0"; return it."""
    found = describe(read_numbers(path))
    line = f"{found['count']} numbers, sum {found['sum']}, mean {found['mean']}"
    print(line)
    return line
