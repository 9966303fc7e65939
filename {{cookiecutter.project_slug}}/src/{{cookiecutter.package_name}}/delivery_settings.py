"""The settings of the commands that bring a version of the model to another place.

This module must stay quick to import: `--help` reads it, and waits for nothing else.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import CliPositionalArg

from .signing import VerifySettings


class FetchSettings(VerifySettings):
    """Download a version, check it by its hash, and serve it from then on."""

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


class DeploySettings(VerifySettings):
    """Copy a version to a host over SSH and serve it there; rollback takes it back."""

    action: CliPositionalArg[Literal["ssh", "rollback"]] = Field(
        description="What to do"
    )
    version: int | None = Field(
        None, ge=1, description="Version to copy; the one in production if not given"
    )
    ssh_host: str = Field(min_length=1, description="Name or address of the host")
    ssh_port: int = Field(22, ge=1, le=65_535, description="Port of its SSH server")
    ssh_user: str | None = Field(
        None, description="Who logs in; the user of this machine if not given"
    )
    ssh_key: Path | None = Field(
        None, description="Private key; the agent's and the usual ones if not given"
    )
    known_hosts: Path = Field(
        Path("~/.ssh/known_hosts"), description="File with the key of the host"
    )
    remote_dir: str = Field(
        "/srv/{{ cookiecutter.project_slug }}",
        pattern=r"^(/[A-Za-z0-9_.-]+)+$",
        description="Folder of the host to copy into",
    )
    restart_command: str = Field(
        "sudo -n systemctl restart {{ cookiecutter.project_slug }}",
        min_length=1,
        description="What restarts the server there",
    )
    server_port: int = Field(
        8000, ge=1, le=65_535, description="Port of the server there"
    )
    ready_seconds: float = Field(
        60, ge=0, description="How long it may take to serve the version"
    )
