"""Variables are set inside the block, and as they were after it."""

import os

import pytest
from exercise import environment


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """Start from one known variable, and one that is not there."""
    monkeypatch.setenv("KNOWN", "before")
    monkeypatch.delenv("ABSENT", raising=False)
    yield
    os.environ.pop("ABSENT", None)


def test_they_are_set_inside():
    with environment(KNOWN="inside", ABSENT="here"):
        assert (os.environ["KNOWN"], os.environ["ABSENT"]) == ("inside", "here")


def test_they_are_as_before_afterwards():
    with environment(KNOWN="inside", ABSENT="here"):
        pass
    assert os.environ["KNOWN"] == "before"
    assert "ABSENT" not in os.environ


def test_they_are_as_before_after_an_error_too():
    with pytest.raises(KeyError):
        with environment(KNOWN="inside", ABSENT="here"):
            raise KeyError
    assert os.environ["KNOWN"] == "before"
    assert "ABSENT" not in os.environ
