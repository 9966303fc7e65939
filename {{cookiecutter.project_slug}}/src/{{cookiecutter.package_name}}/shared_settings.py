"""The settings of the commands that are the same whatever the models are made with.

This module must stay quick to import: `--help` reads it, and waits for nothing else.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import CliPositionalArg

from .config import Command, Settings
from .delivery_settings import DeploySettings, FetchSettings
from .doctor.settings import DoctorSettings
from .recording import RecordSettings
from .reporting.settings import ReportSettings
from .serving.settings import ServeSettings
from .signing import VerifySettings
from .watching.settings import MonitorSettings, RequestLogSettings


class BaseExplainSettings(Settings):
    """What every `explain` can be told."""

    method: Literal["all", "shap", "lime", "eli5"] = Field(
        "all", description="How to explain; all: one after another, then compared"
    )
    input: Path | None = Field(
        None, description="File to explain, as predict takes; the test set if not given"
    )
    version: int | None = Field(
        None, ge=1, description="Version to explain; the newest if not given"
    )
    explained_rows: int = Field(
        100, ge=1, le=100_000, description="Rows to explain; of more, some are drawn"
    )
    background_rows: int = Field(
        100, ge=2, le=100_000, description="Training rows to compare them with"
    )
    seed: int = Field(1, ge=0, lt=2**32, description="Same seed, same explanation")
    lime_samples: int = Field(
        1000, ge=10, le=1_000_000, description="Variations of each row that LIME tries"
    )
    exact_shap: bool = Field(
        True, description="Look inside the model; --no-exact-shap asks for outputs only"
    )


class ExportSettings(Settings):
    """Add to a version what servers load, such as ONNX."""

    version: int | None = Field(
        None, ge=1, description="Version to export; the newest if not given"
    )
    into: Path | None = Field(
        None, description="Models folder to copy it to first; its own if not given"
    )


class RegistrySettings(RecordSettings, VerifySettings):
    """List, show, verify, sign versions; promote one to production, or roll back."""

    action: CliPositionalArg[
        Literal["list", "show", "promote", "rollback", "verify", "sign", "new-key"]
    ] = Field("list", description="What to do")
    sign_key: Path | None = Field(
        None, description="Private key to sign with; new-key writes it, and FILE.pub"
    )
    version: int | None = Field(
        None,
        ge=1,
        description="Version to show, sign or promote, the newest if not given; or to "
        "verify, all if not given",
    )


COMMANDS: dict[str, Command] = {
    "deploy": Command(DeploySettings, "deploy:deploy", framework=False),
    "doctor": Command(
        DoctorSettings, "doctor.command:doctor", framework=False, log=False
    ),
    "export": Command(ExportSettings, "export:export"),
    "fetch": Command(FetchSettings, "fetch:fetch", framework=False, log=False),
    "monitor": Command(MonitorSettings, "watching.command:monitor", framework=False),
    "registry": Command(
        RegistrySettings, "versions:registry", framework=False, log=False
    ),
    "report": Command(ReportSettings, "reporting.command:report"),
    "request-log": Command(
        RequestLogSettings, "watching.archive:request_log", framework=False
    ),
    "serve": Command(ServeSettings, "serving.server:serve", framework=False, log=False),
}
