"""What predictions rest on, by SHAP, LIME and ELI5: the command `explain`.

Its settings stand here, as `--help` reads them: this module is quick to import.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field

from ..config import Settings, Version


class ExplainSettings(Settings):
    """Explain predictions by SHAP, LIME and ELI5; write figures and tables."""

    method: Literal["all", "shap", "lime", "eli5"] = "all"
    """How to explain; all: one after another, then compared"""
    version: Version = None
    """Version to explain; the newest if not given"""
    input: Path | None = None
    """File to explain, as predict takes; the test set if not given"""
    drop: tuple[str, ...] = ()
    """Its columns to leave out"""
    row: int | None = Field(None, ge=0)
    """One row to explain, by its number in what `predict` writes"""
    explained_rows: int | None = Field(None, ge=1)
    """Rows to draw; 50 if not given, or as many as are quick"""
    background_rows: int = Field(20, ge=2)
    """Training rows to compare them with"""
    lime_samples: int = Field(1000, ge=10)
    """Variations of a row for LIME"""
    seed: int = Field(1, ge=0, lt=2**32)
    """Same seed, same explanation"""
