"""Who may ask, and the log of who did."""

import hmac
import logging
import sys
from collections.abc import Mapping
from logging.handlers import BufferingHandler
from pathlib import Path

from ..config import ConfigError
from .messages import RequestError
from .settings import ServeSettings

# Beyond these lines, some 20 MB, whatever reads the log has stopped: lines are dropped.
MOST_LINES = 100_000


class AccessLog(BufferingHandler):
    """Keeps the lines of the access log until they are flushed, twice a second.

    So no request waits for a disk or a pipe, and the lines of several workers do not
    mix. A process that is killed loses the last half second.
    """

    def __init__(self, path: Path | None) -> None:
        """Write to a file, which may be moved away at any time; or to stdout."""
        super().__init__(MOST_LINES)
        self.path = path

    def shouldFlush(self, record: logging.LogRecord) -> bool:  # noqa: N802
        """Leave it to the clock; drop what is too much."""
        if len(self.buffer) > MOST_LINES:
            self.buffer.pop()
        return False

    def flush(self) -> None:
        """Write what there is; requests add lines meanwhile."""
        with self.lock:  # type: ignore[union-attr]
            records, self.buffer = self.buffer, []
        text = "".join(f"{record.getMessage()}\n" for record in records)
        if not text:
            return
        if self.path is None:
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(text)


def open_access_log(settings: ServeSettings) -> tuple[logging.Logger, AccessLog]:
    """Return the logger of requests, `<package>.access`, and what writes it."""
    in_file = settings.access_log == "file"
    handler = AccessLog(settings.log_dir / "access.jsonl" if in_file else None)
    logger = logging.getLogger(f"{__name__.partition('.')[0]}.access")
    logger.handlers, logger.propagate = [handler], False
    logger.disabled = settings.access_log == "off"
    return logger, handler


class Keys:
    """Some keys, any of which opens the server: the new one beside the old one."""

    def __init__(self, settings: ServeSettings) -> None:
        """Take the keys that the settings name.

        Raises:
            ConfigError: If the file cannot be read, or holds none: a file that is still
                empty must not open the server to everybody.
        """
        self.keys = []
        if settings.api_key is not None:
            self.keys.append(settings.api_key.get_secret_value().encode())
        if (file := settings.api_key_file) is not None:
            try:
                lines = file.read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                message = f"api_key_file: {file} cannot be read: {error}"
                raise ConfigError(message) from error
            found = [line.strip().encode() for line in lines if line.strip()]
            if not found:
                raise ConfigError(f"api_key_file: there is no key in {file}")
            self.keys += found

    def check(self, headers: Mapping[str, str]) -> None:
        """Look for a key in the headers of a request, where one is needed.

        Args:
            headers: By lower-case name, decoded as Latin-1.

        Raises:
            RequestError: 401 if there is none, or not one of these.
        """
        if not self.keys:
            return
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
