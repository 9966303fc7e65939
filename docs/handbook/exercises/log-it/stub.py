"""From print to logging."""


def positive(values):
    """Return the positive values; tell how many there are, and what is skipped."""
    kept = []
    for value in values:
        if value > 0:
            kept.append(value)
        else:
            print(f"skipped {value}")
    print(f"kept {len(kept)} values")
    return kept
