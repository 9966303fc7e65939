"""The settings of `serve` and `fetch`; read by the command line, so quick to import."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from ..config import Settings


class ServeSettings(Settings):
    """Answer requests for predictions over HTTP."""

    config: Path = Field(
        Path("configs/serve.yaml"), description="YAML file with settings"
    )
    host: str = Field(
        "127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 is every"
    )
    port: int = Field(8000, ge=0, le=65_535, description="Port; 0 takes a free one")
    workers: int = Field(1, ge=1, le=256, description="Processes that share the port")
    threads: int = Field(
        1, ge=1, le=256, description="Threads that one prediction may use"
    )

    max_body_bytes: int = Field(
        16_777_216, ge=1024, description="Longest body of a request"
    )
    max_rows: int = Field(4096, ge=1, description="Most rows to predict at once")
    max_concurrency: int = Field(
        256, ge=1, description="Requests that a worker has in hand at most"
    )
    large_body_bytes: int = Field(
        65_536, ge=0, description="Longer bodies are answered in a thread"
    )
    read_seconds: float = Field(
        10, gt=0, description="How long a client may take to send a request"
    )
    answer_seconds: float = Field(
        30, gt=0, description="How long a prediction in a thread may take"
    )
    keep_alive_seconds: int = Field(
        65, ge=1, description="How long an idle connection stays open"
    )
    drain_seconds: float = Field(
        5, ge=0, description="Between SIGTERM and the end: not ready, still answering"
    )
    reload_seconds: float = Field(
        1, gt=0, description="How often to look whether another version is promoted"
    )

    api_key: SecretStr | None = Field(
        None, min_length=1, description="Key that requests must carry; none: no key"
    )
    api_key_file: Path | None = Field(
        None, description="File with such keys, one a line"
    )
    open_docs: bool = Field(True, description="Whether the pages need no key")

    access_log: Literal["stdout", "file", "off"] = Field(
        "stdout", description="Where each request is logged; file: access.jsonl"
    )

    request_log: Path | None = Field(
        None, description="SQLite file to log requests and answers in; none: nowhere"
    )
    request_log_share: float = Field(
        1, gt=0, le=1, description="How much of the requests is logged, by chance"
    )
    request_log_rows: int = Field(
        100, ge=2, description="Rows that are logged in a second at most"
    )
    request_log_megabytes: float = Field(
        100, gt=0, description="How large the file may get; the oldest give way"
    )
    request_log_days: float = Field(
        30, gt=0, description="After how many days a request is removed"
    )
    request_log_mask: tuple[str, ...] = Field(
        (), description="Inputs that are not logged, such as personal columns"
    )


class FetchSettings(Settings):
    """Download a version, check it by its hash, and serve it from then on."""

    config: Path = Field(
        Path("configs/serve.yaml"), description="YAML file with settings"
    )
    model_url: str = Field(
        pattern=r"^https?://\S+$",
        description="Tar or zip archive of one version's folder",
    )
    model_sha256: str = Field(
        pattern=r"^[0-9A-Fa-f]{64}$", description="SHA-256 that the archive must have"
    )
    then_serve: bool = Field(
        False, description="Become the server afterwards, as `serve` does"
    )
