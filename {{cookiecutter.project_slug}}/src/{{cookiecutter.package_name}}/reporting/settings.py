"""The settings of the command `report`; quick to import, as `--help` reads them."""

from pathlib import Path
from typing import ClassVar

from ..config import Settings, Version


class ReportSettings(Settings):
    """Write a version's report, one HTML file, and its model card."""

    group: ClassVar[str] = "report"
    version: Version = None
    """Version to report on; the newest if not given"""
    model_card: Path = Path("configs/model_card.yaml")
    """YAML file with what only people know of the model"""
