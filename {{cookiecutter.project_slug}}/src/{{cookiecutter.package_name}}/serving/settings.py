"""The settings of `serve` and `fetch`; read by the command line, so quick to import."""

import os
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, SecretStr

from ..config import ConfigError, Settings

Count: TypeAlias = Annotated[int, Field(ge=1)]
Seconds: TypeAlias = Annotated[float, Field(gt=0)]
CONFIG = Path("configs/serve.yaml")


def port_of_platform() -> int:
    """Return the port that a platform asks for with `PORT` in the environment."""
    port = os.environ.get("PORT") or "8000"
    if not port.isdecimal():
        raise ConfigError(f"PORT in the environment: {port!r} is not a port")
    return int(port)


class ServeSettings(Settings):
    """Answer requests for predictions over HTTP."""

    config: Path = Field(CONFIG, description="YAML file with settings")
    host: str = Field("127.0.0.1", min_length=1, description="0.0.0.0: every address")
    port: int = Field(
        default_factory=port_of_platform,
        validate_default=True,
        ge=0,
        le=65_535,
        description="Port, else PORT of the environment, else 8000; 0: a free one",
    )
    workers: Count = Field(1, le=256, description="Processes that share the port")
    threads: Count = Field(1, le=256, description="Threads that one prediction uses")

    max_body_bytes: Count = Field(16_777_216, description="Longest body")
    max_bodies_bytes: Count = Field(67_108_864, description="Bodies in hand, together")
    max_rows: Count = Field(4096, description="Most rows in one request")
    max_batch_rows: Count = Field(256, description="Rows to predict together; 1: alone")
    max_concurrency: Count = Field(256, description="Requests in hand of a worker")
    large_body_bytes: Count = Field(65_536, description="Longer ones are for a thread")
    read_seconds: Seconds = Field(10, description="To send a request")
    answer_seconds: Seconds = Field(30, description="To predict in a thread")
    keep_alive_seconds: Count = Field(65, description="An idle connection stays open")
    drain_seconds: float = Field(
        5, ge=0, description="Between SIGTERM and the end: not ready, still answering"
    )
    reload_seconds: Seconds = Field(
        1, description="How often to look whether another version is promoted"
    )

    api_key: SecretStr | None = Field(
        None, min_length=1, description="Key that requests must carry; none: no key"
    )
    api_key_file: Path | None = Field(None, description="File with keys, one a line")
    open_docs: bool = Field(True, description="Whether the pages need no key")
    cors_origins: tuple[str, ...] = Field(
        (), description="Web pages of other origins that may ask; *: of every"
    )

#% if "monitor" in cookiecutter.__extras
    request_log: Path | None = Field(
        None, description="Folder to log rows and answers in; none: nowhere"
    )
    request_log_share: float = Field(
        1, gt=0, le=1, description="How much of the requests is logged, by chance"
    )
    request_log_rows: Count = Field(100, description="Rows to log in a second at most")
    request_log_days: Seconds = Field(30, description="Older files are removed")
    request_log_mask: tuple[str, ...] = Field(
        (), description="Inputs that are not logged, such as personal columns"
    )
#% endif
    access_log: Literal["stdout", "file", "off"] = Field(
        "stdout", description="Where each request is logged; file: access.jsonl"
    )


class FetchSettings(Settings):
    """Download a version, check it by its hash, and serve it from then on."""

    config: Path = Field(CONFIG, description="YAML file with settings")
    model_url: str = Field(
        pattern=r"^https?://\S+$", description="Tar or zip of one version's folder"
    )
    model_sha256: str = Field(
        pattern=r"^[0-9A-Fa-f]{64}$", description="SHA-256 that the archive must have"
    )
    then_serve: bool = Field(False, description="Become the server afterwards")
