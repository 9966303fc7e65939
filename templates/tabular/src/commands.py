"""The commands: explore, schema, tune, train, evaluate, predict.

They only put the parts together: settings from `settings`, files from `datasets`, rows
from `utils` and `checks`, the pipeline from `models`.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean as mean
from statistics import pstdev as spread
from typing import Any

from threadpoolctl import threadpool_limits

from . import checks, datasets, models, registry, schema, utils
from .baseline import baseline_score
from .datasets import DataError, Inputs, Source
from .files import file_sha256, write_atomically, write_json
from .infer import infer_schema
from .loading import find, load_training, split_target
from .schema import Schema
from .settings import (
    EvaluateSettings,
    ExploreSettings,
    FitSettings,
    PredictSettings,
    SchemaSettings,
    TrainSettings,
    TuneSettings,
)

logger = logging.getLogger(__name__)

TUNING = "tuning"  # folder of the searches, inside that of the model

# What decides which parameters are the best; with the same of these, a search goes on.
IDENTITY = ("drop", "test_fraction", "seed", "estimator", "folds")


def explore_table(settings: ExploreSettings) -> Path:
    """Print a summary of a table, write a page about it and return the page's file."""
    from . import explore  # skrub takes seconds to import

    source = find(settings)
    raw = utils.get_data(source.path, settings.drop)
    utils.refuse_useless(raw, source.target, str(source.path))
    found = infer_schema(raw, source.target, source.task)
    frame, _ = checks.check_table(raw, found, str(source.path))
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
    raw = utils.get_data(source.path, settings.drop)
    utils.refuse_useless(raw, source.target, str(source.path))
    found = infer_schema(raw, source.target, source.task)
    schema.write_schema(path, found)
    _, problems = checks.check_table(raw, found, str(source.path))
    if len(problems):
        lines = "\n  ".join(checks.described(problems))
        logger.warning("%s has rows that training will refuse:\n  %s", path, lines)
    print(f"schema:  {path}")
    return path


def tune(settings: TuneSettings) -> Path:
    """Search for the best parameters and return the file that they are in."""
    from . import tuning

    source, expected, training, _ = load_training(settings)
    features, target = split_target(training, expected)

    def score(parameters: dict[str, Any]) -> float:
        pipeline = models.build_pipeline(
            expected.kinds, source.task, settings.estimator, parameters, settings.seed
        )
        scores = models.cross_validate(
            pipeline, features, target, source.task, settings.folds, settings.seed
        )
        return mean(scores[main_score(expected)])

    folder = tuning_folder(settings)
    with limited(settings.threads):
        best = tuning.search(
            folder,
            score,
            settings.estimator,
            source.task,
            identity(settings, source, len(training)),
            settings.trials,
            settings.seed,
            not settings.quiet,
        )
    file = tuning.best_file(folder, settings.estimator)
    for name, value in best.parameters.items():
        print(
            f"{name}: {value:.6g}" if isinstance(value, float) else f"{name}: {value}"
        )
    print(f"{main_score(expected)}: {best.score:.4f}, the best of {best.trials} trials")
    print(f"best:    {file}")
    return file


def train(settings: TrainSettings) -> Path:
    """Train a model, keep it as a new version and return its folder."""
    source, expected, training, bad = load_training(settings)
    features, target = split_target(training, expected)
    parameters = settings.parameters
    if settings.tuned:
        from . import tuning

        wanted = identity(settings, source, len(training))
        best = tuning.read_best(tuning_folder(settings), settings.estimator, wanted)
        parameters = {**best.parameters, **parameters}
    pipeline = models.build_pipeline(
        expected.kinds, source.task, settings.estimator, parameters, settings.seed
    )
    started = time.perf_counter()
    with limited(settings.threads):
        scores = models.cross_validate(
            pipeline, features, target, source.task, settings.folds, settings.seed
        )
        models.train_model(pipeline, features, target)
    logger.info(
        "%s: fitted on %d rows, after %d parts, in %.1f s",
        source.path,
        len(training),
        settings.folds,
        time.perf_counter() - started,
    )

    def write_files(folder: Path) -> None:
        models.save_model(pipeline, folder)
        schema.write_schema(folder / schema.FILE, expected)

    version = registry.save_version(
        settings.models_dir / settings.model_name,
        write_files,
        models.LIBRARIES,
        metrics={**summary(scores), "rows": len(training), "rows_left_out": bad},
        history=scores,
        settings={**settings.model_dump(mode="json"), "parameters": parameters},
        seed=settings.seed,
        dataset=source.name,
        classes=expected.classes,
        inputs=Inputs(target=source.target, task=source.task, columns=expected.kinds),
        data_sha256=file_sha256(source.path),
    )
    name = main_score(expected)
    print(
        f"cross-validation {name.removeprefix('cv_')}: {mean(scores[name]):.4f} "
        f"± {spread(scores[name]):.4f}"
    )
    print(f"model:   {version}")
    return version


def evaluate(settings: EvaluateSettings) -> Path:
    """Score a version on its test set and return the file with the metrics."""
    folder, manifest = registry.load_version(
        settings.models_dir / settings.model_name, settings.version
    )
    trained = TrainSettings.model_construct(**manifest.settings)
    source = datasets.locate(
        trained.data,
        settings.data_dir,
        manifest.inputs.target,
        manifest.inputs.task,
        progress=not settings.quiet,
    )
    if file_sha256(source.path) != manifest.data_sha256:
        raise DataError(
            f"{source.path} has changed since version {folder.name} was trained, so "
            "which of its rows the model has not seen is unknown; train a new version"
        )
    expected = schema.read_schema(folder / schema.FILE)
    quarantine = Path(trained.quarantine) if trained.quarantine else None
    frame, _ = checks.load_checked(
        source.path, expected, trained.drop, quarantine=quarantine
    )
    training, test = utils.split_data(
        frame, source.target, source.task, trained.test_fraction, manifest.seed
    )
    _, train_target = split_target(training, expected)
    features, target = split_target(test, expected)
    pipeline = models.load_model(folder)
    scores = models.evaluate_model(pipeline, features, target, expected.classes)
    baseline = baseline_score(train_target, target, source.task)
    report = settings.reports_dir / settings.model_name / folder.name / "metrics.json"
    write_json(report, {"model": str(folder), **scores, "baseline": baseline})
    print_scores(scores, baseline)
    print(f"model:   {folder}")
    print(f"metrics: {report}")
    return report


def print_scores(scores: models.Scores, baseline: dict[str, float | str]) -> None:
    """Print what a reader wants to know first, the simplest guess beside it."""
    guess = baseline["guess"]
    if "r2" in scores:
        print(f"test r2: {scores['r2']:.4f} ({guess}: {baseline['r2']:.4f})")
        print(f"test mae: {scores['mae']:.4g}")
        print(f"test rmse: {scores['rmse']:.4g}")
        return
    width = max(12, *map(len, scores["classes"]))
    print(f"{'class':<{width}} precision  recall    rows")
    for name, score in scores["classes"].items():
        print(
            f"{name:<{width}} {score['precision']:9.4f} {score['recall']:7.4f} "
            f"{score['support']:7.0f}"
        )
    print(
        f"test accuracy: {scores['accuracy']:.4f} ({guess}: {baseline['accuracy']:.4f})"
    )


def predict(settings: PredictSettings) -> None:
    """Predict the rows of a file; write row and prediction as CSV."""
    folder, manifest = registry.load_version(
        settings.models_dir / settings.model_name, settings.version
    )
    expected = schema.read_schema(folder / schema.FILE)
    frame, _ = checks.load_checked(
        settings.input,
        expected.without_target(),
        ignore=[*manifest.settings["drop"], manifest.inputs.target],
        quarantine=settings.quarantine,
    )
    table = models.predict_table(models.load_model(folder), frame, manifest.classes)
    if "probability" in table:
        table["probability"] = table["probability"].map("{:.6f}".format)
    text = table.to_csv(lineterminator="\n")
    if settings.output is None:
        print(text, end="")
    else:
        write_atomically(settings.output, text)
        print(f"predictions: {settings.output}")


def identity(settings: FitSettings, source: Source, rows: int) -> dict[str, Any]:
    """Return what a search for parameters belongs to."""
    return {
        "data_sha256": file_sha256(source.path),
        "target": source.target,
        "task": source.task,
        "rows": rows,
        **settings.model_dump(mode="json", include=set(IDENTITY)),
    }


def tuning_folder(settings: FitSettings) -> Path:
    """Return where the searches of a model are kept."""
    return settings.models_dir / settings.model_name / TUNING


def limited(threads: int) -> threadpool_limits:
    """Limit the threads of a computation; 0 does not.

    On tables this small, they cost more time than they save, above all where other
    programs use the processor too; and sums in another order have other last digits.
    """
    return threadpool_limits(threads or None)


def main_score(expected: Schema) -> str:
    """Return the name of the score that counts."""
    return "cv_accuracy" if expected.task == "classification" else "cv_r2"


def summary(scores: dict[str, list[float]]) -> dict[str, float]:
    """Return mean and standard deviation of each score."""
    return {
        f"{name}_{what}": function(values)
        for name, values in scores.items()
        for what, function in (("mean", mean), ("std", spread))
    }


ACTIONS: dict[str, Callable[..., object]] = {
    "explore": explore_table,
    "schema": write_schema,
    "tune": tune,
    "train": train,
    "evaluate": evaluate,
    "predict": predict,
}
