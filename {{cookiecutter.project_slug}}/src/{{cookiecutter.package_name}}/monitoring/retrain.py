"""The command `retrain`: a new version takes the old one's place if it is better.

Both versions predict the test rows of the new one; a paired test compares them. An old
one that was trained on other data may have learned from some of these rows: that can
only flatter it.
"""

from pathlib import Path
from typing import {{ "Any, " if cookiecutter.__data_kind == "tabular" }}NamedTuple

#% if cookiecutter.__data_kind == "tabular"
import numpy as np
from scipy import stats
from sklearn.base import BaseEstimator

#% else
from scipy import stats

#% endif
from .. import adapter, commands, {{ "models, " if cookiecutter.__data_kind == "tabular" }}registry
from ..adapter import Array
from ..config import ProjectError, TrainSettings
from ..files import write_json
from ..registry import Manifest
from . import RetrainSettings


class Comparison(NamedTuple):
    """What the same rows say of two models."""

    score: str  # what is compared; more is better
    champion: float  # that of the model that is there
    challenger: float  # that of the new one
    rows: int
    p: float  # of a gain like this, or a larger one, if the challenger is no better


def retrain(settings: RetrainSettings) -> Path:
    """Train a version, promote it if it is better; return the file that says why.

    Nothing is promoted, but a ProjectError raised, if the version in use is damaged or
    another one was promoted meanwhile.
    """
    model_dir, known = settings.model_dir, registry.promotions(settings.model_dir)
    champion, found, better, why = None, None, True, "the first version of this model"
    if registry.versions(model_dir):
        champion = registry.load_version(model_dir, registry.served_version(model_dir))
    own = {name: getattr(settings, name) for name in TrainSettings.model_fields}
    folder = commands.train(TrainSettings.model_construct(**own))
    number = int(folder.name)
    if champion is not None:
        challenger = registry.load_version(model_dir, number)
        found = compare_versions(settings, champion, challenger)
        score, before, after, rows, p = found
        better = bool(p <= settings.alpha and after - before >= settings.margin)
        why = f"{score} {after:.4f} after {before:.4f} on {rows} rows, p = {p:.2g}; "
        why += f"wanted: p <= {settings.alpha:g}, gain >= {settings.margin:g}"
    if better:
        with registry.changed_promotions(model_dir) as history:
            if history != known:
                raise ProjectError("what is in production has changed meanwhile")
            history.append(number)
    content = settings.model_dump(include={"margin", "alpha"})
    content |= {"promoted": better, "why": why, "challenger": number}
    content |= {"champion": champion and int(champion[0].name)}
    report = settings.reports_dir / settings.model_name / folder.name / "retrain.json"
    write_json(report, content | {"comparison": found and found._asdict()})
    print(f"{'promoted' if better else 'not promoted'}: {why}\nreport:  {report}")
    return report


def compare_versions(
    settings: RetrainSettings,
    champion: tuple[Path, Manifest],
    challenger: tuple[Path, Manifest],
) -> Comparison:
    """Compare two versions on the test rows of the challenger's data."""
    (_, old), (folder, new) = champion, challenger
    known = old.inputs.shapes.items() <= new.inputs.shapes.items()
    if not known or old.classes != new.classes:
        raise ProjectError(
            f"version {champion[0].name} predicts something else, or by other inputs; "
            f"version {folder.name} is not promoted. Take another model_name"
        )
    place = settings.data_dir, settings.quiet
    _, (rows, truth) = adapter.load_splits(new, folder, *place)
    was, now = (adapter.predictor(*each)(rows) for each in (champion, challenger))
    #% if cookiecutter.__data_kind == "tabular"
    metric = new.settings.get("metric") or ("accuracy" if new.classes else "r2")
    return compare(metric, was, now, truth, len(new.classes))


PERMUTATIONS = 499  # the smallest p-value is then 0.002


class Told(BaseEstimator):
    """Stands in for a model that has been asked already: its rows are the outputs."""

    def __init__(self, classes: int) -> None:
        """Take the number of classes; a regression has none."""
        self.classes, self.classes_ = classes, np.arange(classes)

    def __sklearn_tags__(self) -> Any:
        """Say what it is, as scorers ask."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier" if self.classes else "regressor"
        return tags

    def predict_proba(self, outputs: Array) -> Array:
        """Return float64 (n, classes)."""
        return outputs

    def predict(self, outputs: Array) -> Array:
        """Return the numbers of the likeliest classes, or the values, (n,)."""
        return outputs.argmax(axis=1) if self.classes else outputs[:, 0]


def compare(
    metric: str, old: Array, new: Array, truth: Array, classes: int
) -> Comparison:
    """Compare what two models say of the same rows by any scorer of scikit-learn.

    A permutation test of pairs, one-sided: how often the gain is as large if a coin
    decides which model has said what of a row (Good, Permutation Tests, 2000).

    Args:
        metric: The name of the scorer.
        old: What the champion says: probabilities (n, classes), or values (n, 1).
        new: What the challenger says.
        truth: The number of the class, or the value, of each row (n,).
        classes: How many there are; none of a regression.
    """
    outputs, told = np.concatenate([old, new]), Told(classes)

    def score(places: Array) -> float:
        return models.score_by(metric, told, outputs[places], truth)

    both = np.arange(len(outputs)).reshape(2, -1)
    found = stats.permutation_test(
        tuple(both),
        lambda was, now: score(now) - score(was),
        permutation_type="samples",
        vectorized=False,
        n_resamples=PERMUTATIONS,
        batch=max(1, 10**6 // len(truth)),  # of places, which are in memory at once
        alternative="greater",
        rng=np.random.default_rng(0),
    )
    p = float(found.pvalue)
    return Comparison(metric, score(both[0]), score(both[1]), len(truth), p)
    #% else
    return compare(was, now, truth)


def compare(old: Array, new: Array, truth: Array) -> Comparison:
    """Compare the probabilities of two models (n, classes) with the classes (n,).

    McNemar's exact test, one-sided: only rows count on which one is right, the other
    wrong.
    """
    was, now = (each.argmax(axis=1) == truth for each in (old, new))
    won, lost = int((now & ~was).sum()), int((was & ~now).sum())
    p = stats.binomtest(won, won + lost, alternative="greater").pvalue if won else 1
    return Comparison("accuracy", was.mean(), now.mean(), len(truth), float(p))
    #% endif
