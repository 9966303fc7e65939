"""Which share of predictions is right?"""


def accuracy(predicted: list[int], true: list[int]) -> float:
    """Return the share of predictions that are equal to the true value beside them."""
    right = sum(guess == value for guess, value in zip(predicted, true, strict=True))
    return right / len(true)
