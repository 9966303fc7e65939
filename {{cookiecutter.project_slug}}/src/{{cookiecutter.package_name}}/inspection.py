"""The commands that look at a table: explore, schema."""

import logging
from pathlib import Path

import pandas as pd

from . import checks, schema
from .datasets import DataError
from .infer import infer_schema
from .loading import find, load_cells
from .settings import ExploreSettings, SchemaSettings

logger = logging.getLogger(__name__)


def explore_table(settings: ExploreSettings) -> Path:
    """Print a summary of a table, write a page about it and return the page's file."""
    from . import explore  # skrub takes seconds to import

    source = find(settings)
    raw = load_cells(settings, source)
    found = infer_schema(raw, source.target, source.task)
    frame, problems = checks.check_table(raw, found, str(source.path))
    warn(problems, source.path)
    print(explore.summarise(frame, found))
    report = settings.reports_dir / source.name / "explore.html"
    explore.write_report(frame, found, source.name, report)
    print(f"report:  {report}")
    return report


def write_schema(settings: SchemaSettings) -> Path:
    """Infer the schema of a table and return the file that it was written to."""
    source = find(settings)
    path = schema.schema_path(settings.schemas_dir, source.name)
    if path.exists() and not settings.force:
        raise DataError(f"{path} is there already; --force replaces it")
    raw = load_cells(settings, source)
    found = infer_schema(raw, source.target, source.task)
    schema.write_schema(path, found)
    _, problems = checks.check_table(raw, found, str(source.path))
    warn(problems, source.path)
    print(f"schema:  {path}")
    return path


def warn(problems: pd.DataFrame, path: Path) -> None:
    """Say which rows do not fit what their columns hold; they are no less counted."""
    if len(problems):
        lines = "\n  ".join(checks.described(problems))
        logger.warning("%s has rows that training will refuse:\n  %s", path, lines)
