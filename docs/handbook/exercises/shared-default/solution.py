"""Collect words."""


def collect(word: str, words: list[str] | None = None) -> list[str]:
    """Append a word to a list, which is a new one if none is given."""
    if words is None:  # `if not words` would replace an empty list of the caller's
        words = []
    words.append(word)
    return words
