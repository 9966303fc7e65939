"""The settings of the commands here; read by the command line, so quick to import."""

from pathlib import Path

from pydantic import Field

from ..config import Settings, TrainSettings


class MonitorSettings(Settings):
    """Compare rows with those of the training; end with status 1 on an alarm."""

    input: Path | None = Field(
        None, description="File to look at, of the kind that predict takes"
    )
    log: Path | None = Field(
        None, description="Request log of the server to look at instead"
    )
    hours: float | None = Field(
        None, gt=0, description="How far back to read the log; all of it if not given"
    )
    labels: Path | None = Field(
        None, description="CSV file of what is true: row and label; of a log, request"
    )
    drop: tuple[str, ...] = Field(
        (), description="Columns of the file that the model is not given"
    )
    version: int | None = Field(
        None, ge=1, description="Version to compare with; the served one if not given"
    )
    alpha: float = Field(
        0.05, gt=0, lt=1, description="How often a run may raise a false alarm"
    )
    max_rows: int = Field(
        5000, ge=30, le=1_000_000, description="Rows to look at; of more, a sample"
    )
    seed: int = Field(1, ge=0, lt=2**32, description="Decides which ones are drawn")


class ArchiveSettings(Settings):
    """Keep the server's request log as Parquet files, by version and day."""

    log: Path = Field(Path("logs/requests.db"), description="Request log of the server")
    to: Path = Field(
        Path("data/requests"), description="Folder of the files; what is there stays"
    )


class RetrainSettings(TrainSettings):
    """Train a version; it takes the old one's place if it is better."""

    margin: float = Field(
        0.0,
        ge=0,
        le=1,
        description="How much better its score must be, accuracy or r2",
    )
    alpha: float = Field(
        0.05,
        gt=0,
        lt=0.5,
        description="How often a model that is no better may pass for better",
    )
