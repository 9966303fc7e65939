"""Asks the server on this machine whether it is well: `python -m` this module.

For Docker's HEALTHCHECK, which runs it every few seconds: it needs no other program in
the image, and imports next to nothing.
"""

import http.client
import os
import sys

# The server's own setting; inside an image, the environment is where it is changed.
PORT = "{{ cookiecutter.__env_prefix }}PORT"
DEFAULT_PORT = "8000"
TIMEOUT_SECONDS = 2


def main() -> int:
    """Return 0 if /healthz answers 200; otherwise say what is wrong and return 1."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(os.environ.get(PORT, DEFAULT_PORT)), timeout=TIMEOUT_SECONDS
    )
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"no answer from {connection.host}:{connection.port}: {error!r}")
        return 1
    finally:
        connection.close()
    if status != http.HTTPStatus.OK:
        print(f"{connection.host}:{connection.port}/healthz answers {status}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
