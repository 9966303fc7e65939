"""The settings of the command `report`; quick to import, as `--help` reads them."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from ..config import Settings, Version


class ReportSettings(Settings):
    """Write a version's report, one HTML file, and its model card."""

    group: ClassVar[str] = "report"
    version: Version = None
    """Version to report on; the newest if not given"""
    max_rows: int = Field(5000, ge=2)
    """Test rows to score; of more, some"""
    bootstrap_samples: int = Field(500, ge=100)
    """Test sets to draw"""
    confidence: float = Field(0.95, gt=0.5, lt=1)
    """How often an interval shall hold the truth"""
    worst: int = Field(12, ge=1)
    """Mistakes to show"""
    seed: int = Field(1, ge=0, lt=2**32)
    """Same seed, same intervals"""
    model_card: Path = Path("configs/model_card.yaml")
    """YAML file with what only people know of the model"""
