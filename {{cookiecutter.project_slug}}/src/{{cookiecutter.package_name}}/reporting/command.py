"""The command report: what a version is worth, as a page and as a model card."""

import logging
from importlib import util
from pathlib import Path

from .. import registry
from ..config import ProjectError
from ..files import write_atomically
from .settings import ReportSettings

logger = logging.getLogger(__name__)

LIBRARIES = ("jinja2", "matplotlib")  # the dependency group `report`
PAGE, CARD = "report.html", "model_card.md"


def report(settings: ReportSettings) -> Path:
    """Write the report and the model card of a version; return the report's file.

    Raises:
        ProjectError: If a library is missing, the version is damaged, the data cannot
            be had, or the settings of the card are refused.
    """
    require_installed()
    from . import card, origins, page, sections
    from .intervals import Drawing
    from .rows import load_rows

    text = card.read_card(settings.model_card)
    folder, manifest = registry.load_version(
        settings.models_dir / settings.model_name, settings.version
    )
    reports = settings.reports_dir / settings.model_name / folder.name
    rows = load_rows(settings, folder, manifest)
    scored = rows.scored
    logger.info("%s", scored.extent)
    drawing = Drawing(settings.bootstrap_samples, settings.confidence, settings.seed)
    measures, details = rows.judged(drawing)
    parts = [
        *details,
        sections.mistakes_section(rows, settings.worst),
        sections.slices_section(rows, drawing),
        origins.explanations_section(reports / "explain"),
        sections.learning_section(manifest.history),
        sections.data_section(rows),
        origins.speed_section(rows, folder, manifest),
        origins.environment_section(folder, manifest),
    ]
    facts = [
        f"Version {folder.name}, created {manifest.created}",
        f"Predicts {scored.target}; trained on {manifest.dataset}",
    ]
    note = f"{scored.extent}. {drawing.sentence(len(scored.truth), scored.noun)}"
    title = f"Report on {manifest.name}"
    html = page.render_page(title, facts, measures, note, parts)
    write_atomically(reports / PAGE, html)
    content = card.render_card(text, manifest, folder, scored, measures, drawing)
    write_atomically(reports / CARD, content)
    for measure in measures:
        print(f"{measure.key}: {measure.value:.4f} ({measure.interval})")
    print(f"card:    {reports / CARD}")
    print(f"report:  {reports / PAGE}")
    return reports / PAGE


def require_installed() -> None:
    """Refuse to start without the libraries.

    Raises:
        ProjectError: If one is not installed; the message says how to.
    """
    missing = [name for name in LIBRARIES if util.find_spec(name) is None]
    if missing:
        raise ProjectError(
            f"{', '.join(missing)} cannot be imported; install what reports with "
            "`uv pip install -r requirements/report.txt`"
        )
