"""Copies at any depth."""

import copy


def merged(defaults, settings):
    """Return `defaults` with `settings` laid over them, in inner dictionaries too.

    Neither of them changes, and the result shares nothing with them that can change.
    """
    result = copy.deepcopy(defaults)
    for name, value in settings.items():
        if isinstance(value, dict) and isinstance(result.get(name), dict):
            result[name] = merged(result[name], value)
        else:
            result[name] = copy.deepcopy(value)
    return result
