"""The command `retrain`: a new version takes the old one's place if it is better.

Both versions predict rows that neither has learned from; a paired test compares them.
"""

import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import stats
from statsmodels.stats import contingency_tables

from .. import adapter, commands, registry
from ..config import ProjectError, TrainSettings
from ..files import write_json
from ..registry import Manifest, RegistryError
from .drift import Array
from .settings import RetrainSettings

RESAMPLES = 10_000
logger = logging.getLogger(__name__)


class Comparison(NamedTuple):
    """What the same rows say of two models."""

    score: str  # accuracy or r2; more is better
    champion: float  # that of the model that is there
    challenger: float  # that of the new one
    rows: int
    p: float  # of a gain like this, or a larger one, if the challenger is no better


def mcnemar(old: Array, new: Array) -> float:
    """Return the p-value of McNemar's exact test, one-sided, of rows right, bool (n,).

    Only the rows count on which one model is right and the other wrong.
    """
    won, lost = int((new & ~old).sum()), int((old & ~new).sum())
    both = contingency_tables.mcnemar([[0, won], [lost, 0]], exact=True).pvalue
    return float(both) / 2 if won > lost else 1.0


def paired_bootstrap(old: Array, new: Array, seed: int = 1) -> float:
    """Return the p-value of a paired bootstrap, one-sided, of squared errors, (n,).

    It is the share of the draws of rows in which the new model is not better, one more
    counted (Koehn, 2004, https://aclanthology.org/W04-3250).
    """
    drawn = stats.bootstrap(
        (old - new,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=max(1, 10_000_000 // len(old)),  # 80 MB
        method="percentile",
        rng=np.random.default_rng(seed),
    ).bootstrap_distribution
    return float((1 + (drawn <= 0).sum()) / (1 + RESAMPLES))


def retrain(settings: RetrainSettings) -> Path:
    """Train a version, promote it if it is better; return the file that says why.

    Nothing is promoted, but a RegistryError raised, if the version in use is damaged or
    another one was promoted meanwhile.
    """
    model_dir, known = settings.model_dir, registry.promotions(settings.model_dir)
    champion, found, better, why = None, None, True, "the first version of this model"
    if registry.versions(model_dir):
        champion = registry.load_version(model_dir, registry.served_version(model_dir))
    own = {name: getattr(settings, name) for name in TrainSettings.model_fields}
    folder = commands.train(TrainSettings.model_construct(**own))
    if champion is not None:
        challenger = registry.load_version(model_dir, int(folder.name))
        found = compare(settings, champion, challenger)
        better, why = judge(found, settings.margin, settings.alpha)
    report = settings.reports_dir / settings.model_name / folder.name / "retrain.json"
    try:
        if better:
            with registry.changed_promotions(model_dir) as history:
                if history != known:
                    raise RegistryError("what is in production has changed meanwhile")
                history.append(int(folder.name))
    except RegistryError as error:
        better, why = False, f"{why}; but {error}"
        raise
    finally:
        content = settings.model_dump(include={"margin", "alpha"})
        content |= {"promoted": better, "why": why, "challenger": int(folder.name)}
        content |= {"champion": champion and int(champion[0].name)}
        write_json(report, content | {"comparison": found and found._asdict()})
    print(f"{'promoted' if better else 'not promoted'}: {why}\nreport:  {report}")
    return report


def compare(
    settings: RetrainSettings,
    champion: tuple[Path, Manifest],
    challenger: tuple[Path, Manifest],
) -> Comparison:
    """Compare two versions on the test rows of the challenger's data."""
    (_, old), (folder, new) = champion, challenger
    known = old.inputs.shapes.items() <= new.inputs.shapes.items()
    tasks = [(getattr(m.inputs, "target", m.dataset), m.classes) for m in (old, new)]
    if not known or tasks[0] != tasks[1]:
        raise ProjectError(
            f"version {champion[0].name} predicts something else, or by other inputs; "
            f"version {folder.name} is not promoted. Take another model_name"
        )
    if split_of(old) != split_of(new):
        logger.warning(
            "the version in use may have learned from rows that it is compared on now; "
            "that can only flatter it"
        )
    test = adapter.load_splits(new, folder, settings.data_dir, settings.quiet)[1]
    outputs = [adapter.predictor(*each)(test[0]) for each in (champion, challenger)]
    if new.classes:
        was, now = (np.equal(each.argmax(axis=1), test[1]) for each in outputs)
        scores, p = [was.mean(), now.mean()], mcnemar(was, now)
    else:
        was, now = (np.square(each[:, 0] - test[1]) for each in outputs)
        scores = [1 - each.mean() / (np.var(test[1]) or 1) for each in (was, now)]
        p = paired_bootstrap(was, now, settings.seed)
    name = "accuracy" if new.classes else "r2"
    return Comparison(name, scores[0], scores[1], len(was), p)


def split_of(manifest: Manifest) -> tuple[object, ...]:
    """Return what decides which rows a version has not learned from."""
    split = [manifest.settings.get(name) for name in ("test_fraction", "in_memory_mb")]
    return manifest.data_sha256, *split, manifest.seed if any(split) else None


def judge(found: Comparison, margin: float, alpha: float) -> tuple[bool, str]:
    """Say whether the challenger is better, and why or why not."""
    gain = found.challenger - found.champion
    if gain <= 0:
        why = "not better"
    elif found.p > alpha:
        why = f"better, but that may be chance: alpha = {alpha:g}"
    elif gain < margin:
        why = f"{gain:.4f} is less than the margin of {margin:g}"
    else:
        why = "better"
    scores = f"{found.score} {found.challenger:.4f} after {found.champion:.4f}"
    told = f"{scores} on {found.rows} rows, p = {found.p:.2g}: {why}"
    return why == "better", told
