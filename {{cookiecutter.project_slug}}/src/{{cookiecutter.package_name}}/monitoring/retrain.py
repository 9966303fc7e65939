"""The command `retrain`: a new version takes the old one's place if it is better.

Training, exporting and promoting are those of the other commands. What is new is the
order: both versions predict rows that neither has learned from, and a paired test says
which is better.
"""

import logging
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats
from statsmodels.stats import contingency_tables

from .. import adapter, commands, registry
from ..config import ProjectError, TrainSettings
from ..files import write_json
from ..registry import Manifest, RegistryError, RunLogger
from .settings import RetrainSettings

Array = npt.NDArray[Any]

RESAMPLES = 10_000
logger = logging.getLogger(__name__)


class Comparison(NamedTuple):
    """What the same rows say of two models."""

    score: str  # accuracy or r2; more is better
    champion: float  # that of the model that is there
    challenger: float  # that of the new one
    rows: int
    p: float  # of a gain like this, or a larger one, if the challenger is no better
    test: str


def mcnemar(truth: Array, champion: Array, challenger: Array) -> Comparison:
    """Compare two classifiers by McNemar's exact test, one-sided.

    Only the rows count on which one model is right and the other wrong.

    Args:
        truth: int64 (n,), the true classes.
        champion: float (n, classes), the probabilities that it gives.
        challenger: float (n, classes), the same.
    """
    old, new = (np.equal(each.argmax(axis=1), truth) for each in (champion, challenger))
    won, lost = int((new & ~old).sum()), int((old & ~new).sum())
    both = contingency_tables.mcnemar([[0, won], [lost, 0]], exact=True).pvalue
    p = float(both) / 2 if won > lost else 1.0
    test = f"McNemar, exact: {won} rows won, {lost} lost"
    return Comparison(
        "accuracy", float(old.mean()), float(new.mean()), len(truth), p, test
    )


def paired_bootstrap(
    truth: Array, champion: Array, challenger: Array, seed: int = 1
) -> Comparison:
    """Compare the squared errors of two regressions by a paired bootstrap, one-sided.

    Rows are drawn again and again, each with what both models say of it. The p-value
    is the share of the draws in which the challenger is not better, one more counted.
    Source: Koehn, 2004, https://aclanthology.org/W04-3250.

    Args:
        truth: float64 (n,), at least two rows.
        champion: float64 (n, 1), what it predicts.
        challenger: float64 (n, 1), the same.
        seed: Of the draws.
    """
    old, new = (np.square(each[:, 0] - truth) for each in (champion, challenger))
    drawn = stats.bootstrap(
        (old - new,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=max(1, 10_000_000 // len(truth)),  # 80 MB
        method="percentile",
        rng=np.random.default_rng(seed),
    ).bootstrap_distribution
    p = float((1 + (drawn <= 0).sum()) / (1 + RESAMPLES))
    spread = float(np.var(truth)) or 1.0
    was, now = (1 - float(each.mean()) / spread for each in (old, new))
    return Comparison("r2", was, now, len(truth), p, "paired bootstrap")


def retrain(settings: RetrainSettings, run_logger: RunLogger) -> Path:
    """Train a version, promote it if it is better; return the file that says why.

    Raises:
        RegistryError: If the version in use is damaged, or another one was promoted
            meanwhile; nothing is promoted then.
    """
    model_dir, known = settings.model_dir, registry.promotions(settings.model_dir)
    champion = None
    if registry.versions(model_dir):
        champion = registry.load_version(model_dir, registry.served_version(model_dir))
    own = {name: getattr(settings, name) for name in TrainSettings.model_fields}
    folder = commands.train(TrainSettings.model_construct(**own), run_logger)
    challenger = registry.load_version(model_dir, int(folder.name))
    found, better, why = None, True, "the first version of this model"
    if champion is not None:
        found = compare(settings, champion, challenger)
        better, why = judge(found, settings.margin, settings.alpha)
    report = settings.reports_dir / settings.model_name / folder.name / "retrain.json"
    try:
        if better:
            registry.promote(model_dir, int(folder.name), known)
            run_logger.log_promoted(int(folder.name))
    except RegistryError as error:
        better, why = False, f"{why}; but {error}"
        raise
    finally:
        write_json(
            report,
            {
                "promoted": better,
                "why": why,
                "champion": champion and int(champion[0].name),
                "challenger": int(folder.name),
                "margin": settings.margin,
                "alpha": settings.alpha,
                "comparison": found and found._asdict(),
            },
        )
    print(f"{'promoted' if better else 'not promoted'}: {why}\nreport:  {report}")
    return report


def compare(
    settings: RetrainSettings,
    champion: tuple[Path, Manifest],
    challenger: tuple[Path, Manifest],
) -> Comparison:
    """Compare two versions on the test rows of the challenger's data.

    Raises:
        ProjectError: If the champion cannot predict them.
    """
    (_, old), (folder, new) = champion, challenger
    known = old.inputs.shapes.items() <= new.inputs.shapes.items()
    if not known or task_of(old) != task_of(new):
        raise ProjectError(
            f"version {champion[0].name} predicts something else, or by other inputs; "
            f"version {folder.name} is not promoted. Take another model_name"
        )
    _, (rows, truth) = adapter.load_splits(
        new, folder, settings.data_dir, settings.quiet
    )
    was, now = (adapter.predictor(*each)(rows) for each in (champion, challenger))
    if split_of(old) != split_of(new):
        logger.warning(
            "the version in use was trained on other rows, perhaps on some of those "
            "that it is compared on now; that can only flatter it"
        )
    if new.classes:
        return mcnemar(truth, was, now)
    return paired_bootstrap(truth, was, now, settings.seed)


def task_of(manifest: Manifest) -> tuple[object, ...]:
    """Return what a version predicts: a column, or the classes of a data set."""
    return getattr(manifest.inputs, "target", manifest.dataset), manifest.classes


def split_of(manifest: Manifest) -> tuple[object, ...]:
    """Return what decides which rows a version has not learned from."""
    split = [manifest.settings.get(name) for name in ("test_fraction", "in_memory_mb")]
    return manifest.data_sha256, *split, manifest.seed if any(split) else None


def judge(found: Comparison, margin: float, alpha: float) -> tuple[bool, str]:
    """Say whether the challenger is better, and why or why not.

    Args:
        found: What the rows say.
        margin: What the score must gain at least.
        alpha: How often, at most, a challenger that is no better may pass.
    """
    says = (
        f"{found.score} {found.challenger:.4f} after {found.champion:.4f} on "
        f"{found.rows} rows, p = {found.p:.2g}"
    )
    gain = found.challenger - found.champion
    if gain <= 0:
        return False, f"{says}: not better"
    if found.p > alpha:
        return False, f"{says}: better, but that may be chance: alpha = {alpha:g}"
    if gain < margin:
        return False, f"{says}: {gain:.4f} is less than the margin of {margin:g}"
    return True, f"{says}: better"
