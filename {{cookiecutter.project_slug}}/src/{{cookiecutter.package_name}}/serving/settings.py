"""The settings of `serve` and `fetch`; read by the command line, so quick to import."""

import os
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, SecretStr

from ..config import ConfigError, Settings

Port: TypeAlias = Annotated[int, Field(ge=0, le=65_535)]
Processors: TypeAlias = Annotated[int, Field(ge=1, le=256)]


def port_of_platform() -> int:
    """Return the port that a platform asks for with `PORT` in the environment."""
    port = os.environ.get("PORT") or "8000"
    if not port.isdecimal():
        raise ConfigError(f"PORT in the environment: {port!r} is not a port")
    return int(port)


class ServeSettings(Settings):
    """Answer requests for predictions over HTTP."""

    config: Path = Path("configs/serve.yaml")
    """YAML file with settings"""
    host: str = Field("127.0.0.1", min_length=1)
    """Address to listen on; 0.0.0.0 is every"""
    port: Port = Field(default_factory=port_of_platform, validate_default=True)
    """Port, or else PORT of the environment, or else 8000; 0 is a free one"""
    workers: Processors = 1
    """Processes that share the port"""
    threads: Processors = 1
    """Threads that one prediction may use"""

    max_body_bytes: PositiveInt = 16_777_216
    """Longest body of a request"""
    max_bodies_bytes: PositiveInt = 67_108_864
    """Bodies of all requests that a worker has in hand"""
    max_rows: PositiveInt = 4096
    """Most rows in one request"""
    max_batch_rows: PositiveInt = 256
    """Rows of waiting requests to predict together; 1: each request alone"""
    max_concurrency: PositiveInt = 256
    """Requests that a worker has in hand at most"""
    read_seconds: PositiveFloat = 10
    """How long a client may take to send a request, or to read on"""
    answer_seconds: PositiveFloat = 30
    """How long a prediction in a thread may take"""
    keep_alive_seconds: PositiveInt = 65
    """How long an idle connection stays open"""
    drain_seconds: NonNegativeFloat = 5
    """Between SIGTERM and the end: not ready, still answering"""

    api_key: SecretStr | None = Field(None, min_length=1)
    """Key that requests must carry, or several, one a line; none: no key"""
    pages: bool = True
    """Whether there are a playground and a documentation; they need no key"""
    cors_origins: tuple[str, ...] = ()
    """Other origins whose pages may ask; *: all"""

#% if "monitor" in cookiecutter.__extras
    request_log: Path | None = None
    """Folder to log rows and answers in; none: nowhere"""
    request_log_rows: PositiveInt = 100
    """Rows that are logged in a second at most"""
    request_log_days: PositiveFloat = 30
    """After how many days a file is removed"""
    request_log_mask: tuple[str, ...] = ()
    """Inputs that are not logged, such as personal columns"""
#% endif
    access_log: bool = True
    """Whether each request is a line of JSON on stdout"""

    @property
    def keys(self) -> list[bytes] | None:
        """The keys of which a request must carry one; None: it needs none."""
        if self.api_key is None:
            return None
        lines = self.api_key.get_secret_value().splitlines()
        return [line.strip().encode() for line in lines]


class FetchSettings(Settings):
    """Download a version, check it by its hash, and promote it."""

    config: Path = Path("configs/serve.yaml")
    """YAML file with settings"""
    model_url: str = Field(pattern=r"^https?://\S+$")
    """Tar archive of one version's folder"""
    model_sha256: str = Field(pattern=r"^[0-9A-Fa-f]{64}$")
    """SHA-256 that the archive must have"""
