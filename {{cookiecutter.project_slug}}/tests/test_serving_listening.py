"""The socket of a server: where it listens, and what is said if it cannot."""

import socket

import pytest

from {{ cookiecutter.package_name }}.serving.listening import listen


def has_ipv6() -> bool:
    """Whether this machine can talk to itself so; many containers cannot."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_connections_are_accepted(host: str) -> None:
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    with listen(host, 0) as listener:
        place = listener.getsockname()[:2]
        with socket.create_connection(place) as client:
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.getpeername() == client.getsockname()


def test_the_reason_does_not_repeat_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError) as caught:
            listen("127.0.0.1", port)
    assert caught.value.strerror and caught.value.errno
    assert str(port) not in caught.value.strerror
