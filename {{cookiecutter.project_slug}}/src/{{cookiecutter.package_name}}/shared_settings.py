"""The settings of the commands that are the same whatever the models are made with.

This module must stay quick to import: `--help` reads it, and waits for nothing else.
"""

from typing import Literal

from pydantic import Field
from pydantic_settings import CliPositionalArg

from .config import Command, Settings
from .serving.settings import ServeSettings


class ExportSettings(Settings):
    """Add to a version what servers load, such as ONNX."""

    version: int | None = Field(
        None, ge=1, description="Version to export; the newest if not given"
    )


class RegistrySettings(Settings):
    """List, show, verify versions; promote one to production, or roll back."""

    action: CliPositionalArg[
        Literal["list", "show", "promote", "rollback", "verify"]
    ] = Field("list", description="What to do")
    version: int | None = Field(
        None,
        ge=1,
        description="Version to show or promote, the newest if not given; or to "
        "verify, all if not given",
    )


COMMANDS = {
    "export": Command(ExportSettings, "export:export"),
    "registry": Command(
        RegistrySettings, "versions:registry", framework=False, log=False
    ),
    "serve": Command(ServeSettings, "serving.server:serve", framework=False, log=False),
}
