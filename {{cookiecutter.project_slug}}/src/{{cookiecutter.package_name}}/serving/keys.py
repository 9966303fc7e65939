"""The keys that requests must carry, where the server asks for one."""

import hmac
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import SecretStr

from ..config import ConfigError
from .messages import RequestError


class Keys:
    """Some keys, any of which opens the server: the new one beside the old one."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Take the keys."""
        self.keys = [key.encode() for key in keys]

    def check(self, headers: Mapping[str, str]) -> None:
        """Look for a key in the headers of a request.

        Args:
            headers: By lower-case name, decoded as Latin-1.

        Raises:
            RequestError: If there is none, or not one of these (401).
        """
        given = headers.get("x-api-key")
        if given is None:
            scheme, _, given = headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer":
                given = ""
        attempt = given.strip().encode("latin-1")
        # All are compared, each in constant time: how long it takes tells nothing.
        if not any([hmac.compare_digest(attempt, key) for key in self.keys]):
            problem = "is not known" if attempt else "is missing"
            raise RequestError(
                401,
                f"the key {problem}; send `X-API-Key: KEY` or "
                "`Authorization: Bearer KEY`",
            )


def read_keys(key: SecretStr | None, file: Path | None) -> Keys | None:
    """Return the keys that requests must carry.

    Args:
        key: One of them.
        file: A file of others, one a line.

    Returns:
        The keys; None if none is asked for.

    Raises:
        ConfigError: If the file cannot be read, or holds none: a file that is still
            empty must not open the server to everybody.
    """
    keys = [key.get_secret_value()] if key else []
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"api_key_file: {file} cannot be read: {error}"
            ) from error
        found = [line.strip() for line in lines if line.strip()]
        if not found:
            raise ConfigError(f"api_key_file: there is no key in {file}")
        keys += found
    return Keys(keys) if keys else None
