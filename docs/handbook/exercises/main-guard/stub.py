"""A script that runs when it is imported."""


def train():
    """Stand for an hour of training."""
    return 0.97


accuracy = train()
print(f"accuracy: {accuracy}")
