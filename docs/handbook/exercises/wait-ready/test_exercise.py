"""It asks until the server is ready, and not for ever."""

import pytest
from exercise import wait


class Server:
    """A server that is ready at a certain question; before, it answers as told."""

    def __init__(self, ready_at, before=False):
        self.asked, self.ready_at, self.before = 0, ready_at, before

    def is_ready(self):
        self.asked += 1
        if self.asked >= self.ready_at:
            return True
        if self.before is False:
            return False
        raise self.before


@pytest.mark.parametrize("before", [False, ConnectionRefusedError()])
def test_it_asks_until_it_is_ready(before):
    server = Server(4, before)
    wait(server.is_ready, seconds=60, pause=0)
    assert server.asked == 4


def test_it_asks_at_least_once():
    server = Server(1)
    wait(server.is_ready, seconds=0, pause=0)
    assert server.asked == 1


@pytest.mark.parametrize("before", [False, ConnectionRefusedError()])
def test_it_gives_up(before):
    with pytest.raises(TimeoutError):
        wait(Server(10**9, before).is_ready, seconds=0.05, pause=0.001)


def test_another_error_is_an_error():
    with pytest.raises(ValueError):
        wait(Server(10**9, ValueError("bad address")).is_ready, seconds=1, pause=0)
