"""The command explain: which rows, which methods, which files."""

import logging
from collections.abc import Iterable
from importlib import util
from pathlib import Path

from threadpoolctl import threadpool_limits

from .. import registry
from ..config import ProjectError
from ..settings import ExplainSettings
from .comparison import METHODS, write_comparison

logger = logging.getLogger(__name__)

LIBRARIES = ("eli5", "lime", "matplotlib", "shap")  # the dependency group `explain`
FIRST = 5  # features that the terminal shows

# What an explanation depends on beside the model and the rows.
SETTINGS = {"seed", "background_rows", "lime_samples", "exact_shap"}


def explain(settings: ExplainSettings) -> Path:
    """Explain a version by one method or by all; return the page that compares them."""
    chosen = METHODS if settings.method == "all" else (settings.method,)
    require_installed({*chosen, "matplotlib"})
    folder, manifest = registry.load_version(
        settings.models_dir / settings.model_name, settings.version
    )
    from . import methods
    from .output import write_explanation
    from .subject import load_subject

    subject = load_subject(settings, folder, manifest)
    data = "the test set" if settings.input is None else str(settings.input)
    reports = settings.reports_dir / settings.model_name / folder.name / "explain"
    if settings.input is not None:
        reports /= f"input-{settings.input.name.partition('.')[0]}"
    facts = {
        "model": str(folder),
        "data": data,
        "settings": settings.model_dump(mode="json", include=SETTINGS),
        "libraries": registry.library_versions(LIBRARIES),
    }
    logger.info("%d rows of %s are explained", len(subject.rows), data)
    # Sums in another order have other last digits; the same seed repeats every bit.
    with threadpool_limits(1):
        for name in chosen:
            found = methods.METHODS[name](subject, settings)
            write_explanation(reports / name, found, subject, facts)
            first = (found.features[number] for number in found.order[:FIRST])
            print(f"{name + ':':<8} {', '.join(first)}")
            page, pairs = write_comparison(reports, name)
    for pair in pairs:
        print(f"Kendall's tau of {pair.first} and {pair.second}: {pair.kendall:.2f}")
    print(f"page:    {page}")
    return page


def require_installed(names: Iterable[str]) -> None:
    """Refuse to start without the libraries.

    Raises:
        ProjectError: If one is not installed; the message says how to.
    """
    missing = [name for name in sorted(names) if util.find_spec(name) is None]
    if missing:
        raise ProjectError(
            f"{', '.join(missing)} cannot be imported; install what explains with "
            "`uv pip install -r requirements/explain.txt`"
        )
