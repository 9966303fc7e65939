"""The settings of the commands that are the same whatever the models are made with.

This module must stay quick to import: `--help` reads it, and waits for nothing else.
"""

from pydantic import Field

from .config import Command, Settings


class FetchSettings(Settings):
    """Download a version of the model and check it by its hash."""

    model_url: str = Field(
        pattern=r"^https?://\S+$",
        description="Tar or zip archive of one version's folder",
    )
    model_sha256: str = Field(
        pattern=r"^[0-9A-Fa-f]{64}$", description="SHA-256 that the archive must have"
    )


COMMANDS: dict[str, Command] = {
    "fetch": Command(FetchSettings, "fetch:fetch", framework=False, log=False),
}
