"""Functions, classes and methods are found, whatever their comments say."""

from exercise import undocumented

SOURCE = '''
"""A module."""

def told():
    """Say what it does."""

def untold():
    # A comment is no docstring.
    return "nor is a text that is returned"

def _private():
    return 1

class Net:
    def layers(self):
        return []

async def fetch():
    return 1
'''


def test_what_is_not_documented_is_named():
    assert sorted(undocumented(SOURCE)) == ["Net", "fetch", "layers", "untold"]


def test_a_documented_program_has_none():
    assert undocumented('def f():\n    """Do it."""\n') == []
