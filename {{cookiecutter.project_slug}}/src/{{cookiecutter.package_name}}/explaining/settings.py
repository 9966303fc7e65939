"""The settings of the command `explain`; quick to import, as `--help` reads them."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from ..config import Settings


class ExplainSettings(Settings):
    """Explain predictions by SHAP, LIME and ELI5; write figures and tables."""

    method: Literal["all", "shap", "lime", "eli5"] = Field(
        "all", description="How to explain; all: one after another, then compared"
    )
    input: Path | None = Field(
        None, description="File to explain, as predict takes; the test set if not given"
    )
    cols_to_drop: tuple[str, ...] = Field(
        (), description="Columns of that file to leave out"
    )
    version: int | None = Field(
        None, ge=1, description="Version to explain; the newest if not given"
    )
    row: int | None = Field(
        None, ge=0, description="The only row to explain, counted from 0"
    )
    explained_rows: int = Field(
        100, ge=1, le=100_000, description="Rows to explain; of more, some are drawn"
    )
    background_rows: int = Field(
        100, ge=2, le=100_000, description="Training rows to compare them with"
    )
    lime_samples: int = Field(
        1000, ge=10, le=1_000_000, description="Variations of each row that LIME tries"
    )
#% if cookiecutter.__data_kind == "images"
    patch_size: int = Field(
        4, ge=1, description="Side of the squares of pixels that are explained"
    )
#% endif
    seed: int = Field(1, ge=0, lt=2**32, description="Same seed, same explanation")
