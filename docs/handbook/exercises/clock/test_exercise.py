"""The time may be given; without it, the computer's clock is asked at each call."""

import time

from exercise import is_stale


def test_the_time_can_be_given():
    assert is_stale(written=100, seconds=10, now=111)
    assert not is_stale(written=100, seconds=10, now=110)


def test_the_epoch_is_a_time_too():
    assert not is_stale(written=0, seconds=10, now=0)


def test_without_a_time_the_clock_is_asked_at_each_call(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1_000.0)
    assert not is_stale(written=995, seconds=10)
    monkeypatch.setattr(time, "time", lambda: 2_000.0)
    assert is_stale(written=995, seconds=10)
