"""What a version is worth, for people: the command `report`, and its settings.

Read command.py first; scores.py has the scores and their intervals, charts.py the
figures, card.py the model card, and the .jinja files what both look like.
"""

from pathlib import Path

from ..config import Settings, Version


class ReportSettings(Settings):
    """Write a version's report, one HTML file, and its model card."""

    version: Version = None
    """Version to report on; the newest if not given"""
    model_card: Path = Path("configs/model_card.yaml")
    """YAML file with what only people know of the model"""
