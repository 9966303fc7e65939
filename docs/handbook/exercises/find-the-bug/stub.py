"""Something is wrong at one end."""


def moving_average(values, size):
    """Return the mean of each `size` neighbours, from the first to the last."""
    averages = []
    for start in range(len(values) - size):
        window = values[start : start + size]
        averages.append(sum(window) / size)
    return averages
