"""Listening on an address: what `serve` does for good, and `doctor` for a moment.

It needs the standard library alone, so that the doctor can try it where nothing is
installed.
"""

import socket

BACKLOG = 2048  # connections that may wait to be accepted


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that accepts connections.

    Args:
        host: A name or an address, of IPv4 or IPv6; of several, the first one counts.
        port: 0 for a free one.

    Returns:
        The socket. On Linux and macOS it may follow at once on one that has ended.

    Raises:
        OSError: If the address is not one of this machine, or the port is taken; its
            `strerror` is the reason alone.
    """
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    try:
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        # Python appends the address, which whoever reports this has named already.
        reason = str(error.strerror).partition(" (while attempting")[0]
        raise OSError(error.errno, reason) from error
