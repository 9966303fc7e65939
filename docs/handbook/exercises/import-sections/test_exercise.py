"""Every kind of module goes to its section."""

import pytest
from exercise import section


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("__future__", "future"),
        ("json", "standard"),
        ("os.path", "standard"),
        ("numpy", "third-party"),
        ("sklearn.pipeline", "third-party"),
        ("digits", "own"),
        ("digits.models", "own"),
        ("digits_of_others", "third-party"),
    ],
)
def test_the_section(module, expected):
    assert section(module, own={"digits"}) == expected
