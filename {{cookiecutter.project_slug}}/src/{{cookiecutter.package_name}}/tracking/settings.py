"""Where runs are sent to, and the settings of the command `tracking`.

This module must stay quick to import: `--help` reads it, and waits for nothing else.
"""

from typing import Literal

from pydantic import Field
from pydantic_settings import CliPositionalArg

from ..config import Command, Settings

# MLflow's store in plain files is no more. A database, a server, or Databricks.
URI = r"^((sqlite|postgresql|mysql|mssql)(\+\w+)?://|https?://|databricks(://|$))\S*$"


class RecordSettings(Settings):
    """What every command has that tells MLflow something.

    The settings are left out of manifests and logs: an address may hold a password, and
    none of them changes a model.
    """

    tracking: bool = Field(
        True, exclude=True, description="Record in MLflow; --no-tracking does not"
    )
    tracking_uri: str = Field(
        "sqlite:///mlflow.db",
        pattern=URI,
        exclude=True,
        description="MLflow's database, or the address of a server: http://…",
    )
    experiment: str = Field(
        "{{ cookiecutter.project_slug }}",
        pattern=r"^\w[\w. -]*$",
        exclude=True,
        description="MLflow's experiment to put runs into",
    )
    tracking_seconds: float = Field(
        20,
        ge=0,
        le=3600,
        exclude=True,
        description="How long sending may go on when everything else is done",
    )


class TrackingSettings(RecordSettings):
    """List the runs that were recorded, or send what MLflow does not have yet."""

    action: CliPositionalArg[Literal["list", "sync"]] = Field(
        "list", description="What to do"
    )


COMMANDS = {
    "tracking": Command(
        TrackingSettings, "tracking.command:tracking", framework=False, log=False
    ),
}
