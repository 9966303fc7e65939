"""Keep every server to this machine: some bind 0.0.0.0 and have no option for it.

Python imports a module of this name when it starts.
"""

import socket

bind = socket.socket.bind


def bind_loopback(self, address):
    """Bind 127.0.0.1 where every interface was asked for."""
    if isinstance(address, tuple) and address[0] in ("", "0.0.0.0"):
        address = ("127.0.0.1", *address[1:])
    return bind(self, address)


socket.socket.bind = bind_loopback
