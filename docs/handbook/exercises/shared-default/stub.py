"""Collect words."""


def collect(word: str, words: list[str] = []) -> list[str]:
    """Append a word to a list, which is a new one if none is given."""
    words.append(word)
    return words
