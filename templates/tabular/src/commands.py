"""The commands: tune, train, evaluate, predict; explore and schema are next door.

They only put the parts together: settings from `settings`, files from `datasets`, rows
from `utils` and `checks`, the pipeline from `models`.
"""

import logging
import time
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from . import checks, models, recording, registry, schema
from .backend import is_large
from .baseline import baseline_score
from .config import ConfigError
from .datasets import Source
from .files import file_sha256, write_atomically, write_json
from .inputs import Inputs
from .loading import (
    find_trained,
    find_with_schema,
    load_parts,
    load_training,
    split_target,
)
from .results import main_score, print_scores, summary
from .schema import Schema
from .settings import (
    EvaluateSettings,
    FitSettings,
    PredictSettings,
    TrainSettings,
    TuneSettings,
)

logger = logging.getLogger(__name__)

TUNING = "tuning"  # folder of the searches, inside that of the model

# What decides which parameters are the best; with the same of these, a search goes on.
IDENTITY = ("drop", "test_fraction", "seed", "estimator", "folds")


def tune(settings: TuneSettings) -> Path:
    """Search for the best parameters and return the file that they are in."""
    from . import tuning

    source, expected = find_with_schema(settings)
    if is_large(source.path, settings):
        raise ConfigError(
            f"{source.path} is larger than in_memory_mb; tune on a part of it"
        )
    training, _ = load_training(settings, source, expected)
    features, target = split_target(training, expected)

    def score(parameters: dict[str, Any]) -> float:
        pipeline = models.build_pipeline(
            expected.kinds, source.task, settings.estimator, parameters, settings.seed
        )
        scores = models.cross_validate(
            pipeline, features, target, source.task, settings.folds, settings.seed
        )
        return fmean(scores[f"cv_{main_score(expected)}"])

    folder = tuning_folder(settings)
    wanted = identity(settings, source, len(training))
    with recording.recorded(
        settings, "tune", source.name, wanted["data_sha256"]
    ) as record:
        with limited(settings.threads):
            best = tuning.search(
                folder,
                score,
                settings.estimator,
                source.task,
                wanted,
                settings.trials,
                settings.seed,
                not settings.quiet,
                record.trial,
            )
        file = tuning.best_file(folder, settings.estimator)
        for name, value in best.parameters.items():
            shown = f"{value:.6g}" if isinstance(value, float) else str(value)
            print(f"{name}: {shown}")
        print(
            f"cv_{main_score(expected)}: {best.score:.4f}, the best of {best.trials} "
            "trials"
        )
        print(f"best:    {file}")
    return file


def train(settings: TrainSettings) -> Path:
    """Train a model, keep it as a new version and return its folder."""
    source, expected = find_with_schema(settings)
    fingerprint = file_sha256(source.path)
    with recording.recorded(settings, "train", source.name, fingerprint) as record:
        version = train_version(settings, source, expected, fingerprint, record)
        print(f"model:   {version}")
    return version


def train_version(
    settings: TrainSettings,
    source: Source,
    expected: Schema,
    fingerprint: str,
    record: recording.Recorder,
) -> Path:
    """Train a model on a table, save it, tell the record, and return its folder."""
    started = time.perf_counter()
    if is_large(source.path, settings):
        from . import large

        result = large.train(
            settings, source, expected, settings.parameters, record.epoch
        )
        last = {name: values[-1] for name, values in result.history.items()}
        metrics = {**last, **{f"rows_{k}": n for k, n in result.rows.items()}}
        pipeline, history = result.pipeline, result.history
        name, parameters = f"val_{main_score(expected)}", settings.parameters
        print(f"validation {main_score(expected)}: {metrics[name]:.4f}")
    else:
        training, bad = load_training(settings, source, expected)
        parameters = chosen_parameters(settings, source, len(training))
        pipeline, history = train_in_memory(settings, training, expected, parameters)
        metrics = {**summary(history), "rows": len(training), "rows_left_out": bad}
        name = f"cv_{main_score(expected)}"
        print(
            f"cross-validation {main_score(expected)}: {metrics[f'{name}_mean']:.4f} "
            f"± {metrics[f'{name}_std']:.4f}"
        )
    seconds = time.perf_counter() - started
    logger.info("%s: validated and fitted in %.1f s", source.path, seconds)

    def write_files(folder: Path) -> None:
        models.save_model(pipeline, folder)
        schema.write_schema(folder / schema.FILE, expected)

    version = registry.save_version(
        settings.models_dir / settings.model_name,
        write_files,
        models.LIBRARIES,
        metrics=metrics,
        history=history,
        settings={
            **settings.model_dump(mode="json"),
            "parameters": parameters,
            "in_chunks": is_large(source.path, settings),
        },
        seed=settings.seed,
        dataset=source.name,
        classes=expected.classes,
        inputs=Inputs(target=source.target, task=source.task, columns=expected.kinds),
        data_sha256=fingerprint,
    )
    record.history(history)
    record.version(version)
    return version


def chosen_parameters(
    settings: TrainSettings, source: Source, rows: int
) -> dict[str, Any]:
    """Return the parameters that were given, over those that `tune` has found."""
    if not settings.tuned:
        return settings.parameters
    from . import tuning

    wanted = identity(settings, source, rows)
    best = tuning.read_best(tuning_folder(settings), settings.estimator, wanted)
    return {**best.parameters, **settings.parameters}


def train_in_memory(
    settings: TrainSettings,
    training: pd.DataFrame,
    expected: Schema,
    parameters: dict[str, Any],
) -> tuple[Pipeline, dict[str, list[float]]]:
    """Return a fitted pipeline, and its scores in the cross-validation before."""
    features, target = split_target(training, expected)
    pipeline = models.build_pipeline(
        expected.kinds, expected.task, settings.estimator, parameters, settings.seed
    )
    with limited(settings.threads):
        scores = models.cross_validate(
            pipeline, features, target, expected.task, settings.folds, settings.seed
        )
        return models.train_model(pipeline, features, target), scores


def evaluate(settings: EvaluateSettings) -> Path:
    """Score a version on its test set and return the file with the metrics."""
    folder, manifest = registry.load_version(
        settings.models_dir / settings.model_name, settings.version
    )
    trained, source = find_trained(settings, folder, manifest)
    expected = schema.read_schema(folder / schema.FILE)
    pipeline = models.load_model(folder)
    if manifest.settings["in_chunks"]:
        from . import large

        scores = large.evaluate(settings, trained, source, expected, pipeline)
        baseline = large.guess(scores)
    else:
        training, test = load_parts(trained, source, expected)
        _, train_target = split_target(training, expected)
        features, target = split_target(test, expected)
        scores = models.evaluate_model(pipeline, features, target, expected.classes)
        baseline = baseline_score(train_target, target, source.task)
    report = settings.reports_dir / settings.model_name / folder.name / "metrics.json"
    write_json(report, {"model": str(folder), **scores, "baseline": baseline})
    print_scores(scores, baseline)
    print(f"model:   {folder}")
    print(f"metrics: {report}")
    return report


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
