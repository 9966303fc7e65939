"""A script that can be imported."""


def train():
    """Stand for an hour of training."""
    return 0.97


def main():
    """Train and say how good the result is."""
    print(f"accuracy: {train()}")


if __name__ == "__main__":
    main()
