"""The settings of each command; what they are called, and what they may be.

This module must stay quick to import: `--help` reads it, and waits for nothing else.
"""

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from .config import Command, Settings
from .recording import RecordSettings
from .retrain_settings import BaseRetrainSettings
from .shared_settings import BaseExplainSettings


def parsed(value: object) -> object:
    """Return a text of the command line or the environment as what it says: 10, true.

    What JSON does not know, such as `balanced`, is text.
    """
    try:
        return json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError:
        return value


# A parameter of an estimator.
Value = Annotated[bool | int | float | str | None, BeforeValidator(parsed)]


class ChunkSettings(Settings):
    """How a table is read that is too large for the memory."""

    chunk_mb: int = Field(
        8, ge=1, le=4096, description="Part of a large file to read at once"
    )
    workers: int = Field(
        0, ge=0, le=1024, description="Processes that read one; 0: as many as cores"
    )


class DataSettings(Settings):
    """Which table, and what of it."""

    data: str = Field(
        "breast_cancer",
        min_length=1,
        description="breast_cancer, wine, iris or diabetes, which need no network; or "
        "a path or URL of a .csv, .csv.gz or .parquet file",
    )
    data_sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="What the file's SHA-256 must be"
    )
    target: str | None = Field(
        None, min_length=1, description="Column to predict; needed for a file of yours"
    )
    task: Literal["classification", "regression"] | None = Field(
        None, description="Whether that is a class or a number; the same"
    )
    drop: tuple[str, ...] = Field((), description="Columns to leave out")
    in_memory_mb: int = Field(
        500, ge=0, description="Larger files are read in chunks, not at once"
    )
    schemas_dir: Path = Field(
        Path("configs/schemas"), description="Where the schemas of tables are kept"
    )


class SchemaSettings(DataSettings):
    """Infer the schema of a table and write it to a file to keep."""

    force: bool = Field(False, description="Replace a schema that is there")


class ExploreSettings(DataSettings):
    """Summarise a table on the terminal, and as an HTML page."""


class FitSettings(DataSettings, RecordSettings):
    """What decides how a model is fitted."""

    quarantine: Path | None = Field(
        None, description="CSV file to move bad rows to; without, they are refused"
    )
    test_fraction: float = Field(
        0.2, ge=0.01, le=0.9, description="Part of the table that only evaluate reads"
    )
    seed: int = Field(1, ge=0, lt=2**32, description="Same seed, same model")
    estimator: Literal["linear", "forest", "boosting"] = Field(
        "linear", description="Kind of model"
    )
    folds: int = Field(
        5, ge=2, le=100, description="Parts of the cross-validation before the fit"
    )
    threads: int = Field(
        1, ge=0, le=1024, description="Threads per computation; 0: as many as cores"
    )


class TrainSettings(FitSettings, ChunkSettings):
    """Train a model and keep it as a new version."""

    validation_fraction: float = Field(
        0.1, ge=0.01, le=0.5, description="Part of a large file to validate on"
    )
    epochs: int = Field(1, ge=1, le=10_000, description="Passes over a large file")

    parameters: dict[str, Value] = Field(
        {}, description="Parameters of the estimator, such as C=0.5"
    )
    tuned: bool = Field(
        False, description="Take the best parameters that the command tune has found"
    )


class TuneSettings(FitSettings):
    """Search for the best parameters; goes on with a search that was stopped."""

    trials: int = Field(
        30, ge=1, le=100_000, description="Parameters to try, the earlier ones included"
    )


class RetrainSettings(BaseRetrainSettings, TrainSettings):
    """Train a version; it takes the old one's place if it is better."""


class EvaluateSettings(ChunkSettings):
    """Score a model on its test set."""

    version: int | None = Field(
        None, ge=1, description="Version to score; the newest if not given"
    )


class PredictSettings(Settings):
    """Predict the rows of a file; write row and prediction as CSV."""

    input: Path = Field(description="A .csv, .csv.gz or .parquet file")
    output: Path | None = Field(
        None, description="CSV file to write; the terminal if not given"
    )
    quarantine: Path | None = Field(
        None, description="CSV file to move bad rows to; without, they are refused"
    )
    version: int | None = Field(
        None, ge=1, description="Version to use; the newest if not given"
    )


class ExplainSettings(BaseExplainSettings, ChunkSettings):
    """Explain predictions by SHAP, LIME and ELI5; write figures and tables."""

    quarantine: Path | None = Field(
        None, description="CSV file to move bad rows to; without, they are refused"
    )


COMMANDS = {
    "explore": Command(ExploreSettings, "inspection:explore_table"),
    "schema": Command(SchemaSettings, "inspection:write_schema"),
    "tune": Command(TuneSettings, "commands:tune"),
    "train": Command(TrainSettings, "commands:train"),
    "retrain": Command(RetrainSettings, "retrain:retrain"),
    "evaluate": Command(EvaluateSettings, "commands:evaluate"),
    "predict": Command(PredictSettings, "commands:predict", log=False),
    "explain": Command(ExplainSettings, "explaining.command:explain"),
}

# What is said when a command was stopped by Ctrl-C or by a signal.
WHEN_STOPPED = "nothing half done is left; `tune` goes on where it was"
