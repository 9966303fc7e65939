"""Whether what a model is asked has changed since its training, and what to do then.

Here are the settings. Yours: the tests in drift.py, and what `retrain` calls better.
"""

from pathlib import Path

from pydantic import Field

from ..config import Settings, TrainSettings, Version


class MonitorSettings(Settings):
    """Compare rows with those of the training; end with status 1 on an alarm."""

    input: Path | None = None
    """File to look at, as predict takes it"""
    drop: tuple[str, ...] = ()
    """Its columns to leave out"""
    log: Path | None = None
    """Or the server's request log, a folder"""
    hours: float = Field(24, gt=0)
    """How far back the log is read"""
    labels: Path | None = None
    """CSV file of what is true: row, label; of a log, request_id"""
    version: Version = None
    """Version to compare with; the served one if not given"""
    alpha: float = Field(0.05, gt=0, lt=1)
    """How often a run may raise a false alarm"""


class RetrainSettings(TrainSettings):
    """Train a version; it takes the old one's place if it is better."""

    margin: float = Field(0.0, ge=0, le=1)
    """How much its score must gain"""
    alpha: float = Field(0.05, {{ "ge=0.002" if cookiecutter.__data_kind == "tabular" else "gt=0" }}, lt=0.5)
    """How often one that is no better may pass"""
