"""The commands schema, tune, train, evaluate and predict: they put the parts together.

Yours: the order of the steps. Tables come from utils.py, the pipeline from models.py,
and a version goes to registry.py.
"""

import hashlib
import json
import logging
import math
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import numpy as np
import pandas as pd
import yaml
from sklearn.dummy import DummyClassifier, DummyRegressor
from threadpoolctl import threadpool_limits

from . import adapter, export, models, registry, utils
from .adapter import Column, Inputs
from .config import (
    ConfigError,
    DataError,
    DataSettings,
    EvaluateSettings,
    FitSettings,
    PredictSettings,
    SchemaSettings,
    TrainSettings,
    TuneSettings,
)
from .files import write_json, write_text, write_whole
from .registry import RunLogger

logger = logging.getLogger(__name__)

MOSTLY = 0.9  # with this share of readable cells, the others are taken for mistakes
MOST_CATEGORIES = 50  # a column with more different texts is not given a list of them
HEADER = """\
# What the columns may hold, as the command `schema` found it; correct it where you know
# better. kind: number, category (text) or date. nullable: cells may be empty. minimum
# and maximum leave the width of the observed range as room on either side. Without a
# list of categories, any text will do. Columns that are not here are not read.
"""


def schema(settings: SchemaSettings) -> Path:
    """Find out what the columns of a table hold; print it and write it to a file."""
    known = utils.NAMED.get(settings.data, (None, None))
    target, task = settings.target or known[0], settings.task or known[1]
    if target is None or task is None:
        raise ConfigError(
            f"{settings.data}: say which column is to be predicted, with --target, and "
            "whether it is a class or a number, with --task classification or regression"
        )
    file = schema_file(settings)
    if file.exists() and not settings.force:
        raise ConfigError(f"{file} is there already; replace it with --force")
    path = utils.find_data(settings.data, settings.data_dir, settings.data_sha256)
    names = list(next(utils.read_chunks(path)))
    absent = [name for name in (target, *settings.drop) if name not in names]
    if absent:
        raise DataError(f"{path}: no column {absent}; there are {names}")
    kept = [name for name in names if name not in settings.drop]
    texts, _ = utils.sample(utils.read_chunks(path, kept, kept), 0.0, seed=0)
    columns = {name: infer_column(texts[name]) for name in kept}
    if task == "classification":
        classes = tuple(sorted(texts[target].dropna().unique()))
        columns[target] = Column(kind="category", categories=classes)
    inputs = Inputs(target=target, task=task, rules=columns)
    content = inputs.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    options: dict[str, Any] = {"sort_keys": False, "default_flow_style": None}
    text = yaml.safe_dump(content, allow_unicode=True, width=88, **options)
    write_text(file, HEADER + text)
    print(text + f"schema: {file}, of {len(texts)} rows")
    return file


def infer_column(cells: "pd.Series[str]") -> Column:
    """Return what a column of text cells holds; an empty one passes for numbers."""
    present = cells.dropna()
    given: dict[str, Any] = {"nullable": len(present) < len(cells)}
    if present.empty:
        return Column(kind="number", nullable=True)
    for kind in ("number", "date"):
        values = utils.READERS[kind](present)
        if values.notna().mean() >= MOSTLY:
            bounds = with_room(values.min(), values.max())
            if kind == "date":
                bounds = [date(1970, 1, 1) + timedelta(days=each) for each in bounds]
            return Column(kind=kind, minimum=bounds[0], maximum=bounds[1], **given)
    categories = tuple(sorted(present.unique()))
    few = len(categories) <= MOST_CATEGORIES
    return Column(kind="category", categories=categories if few else None, **given)


def with_room(low: float, high: float) -> list[float]:
    """Widen a range by its own width on either side, to two digits of the width.

    What is never negative stays so. Example: 6.98 to 28.1 becomes 0 to 49.
    """
    width = high - low
    digits = 1 - math.floor(math.log10(width or 1))
    first = max(low - width, 0.0) if low >= 0 else low - width
    return [round(first, digits), round(high + width, digits)]


def schema_file(settings: DataSettings) -> Path:
    """Return where the schema of a table is kept."""
    name = Path(settings.data).name
    for suffix in utils.SUFFIXES:
        name = name.removesuffix(suffix)
    return settings.schemas_dir / f"{name}.yaml"


def tune(settings: TuneSettings, run_logger: RunLogger) -> dict[str, Any]:
    """Search for the best parameters and return them; go on where it was stopped.

    A trial depends on the seed and on the trials before it, nothing else, so that a
    search that was stopped ends as one that was not.
    """
    import optuna
    from optuna.distributions import FloatDistribution, IntDistribution

    path, inputs, training, _ = load(settings)
    features, labels = utils.split_target(training, inputs)
    pipeline = models.build_pipeline(settings.estimator, inputs.task, {}, settings.seed)
    known = pipeline["model"].get_params()
    space = {
        name: (
            IntDistribution(*limits, log=True)
            if isinstance(limits[0], int)
            else FloatDistribution(*limits, log=True)
        )
        for name, limits in models.SPACES.get(settings.estimator, {}).items()
        if name in known
    }
    if not space:
        raise ConfigError(f"no ranges for {settings.estimator}: add them to SPACES")
    study = open_study(settings, path, inputs)
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)  # it was killed
    done = len(study.get_trials(states=(optuna.trial.TrialState.COMPLETE,)))
    run_logger.start("tune", path.stem, utils.sha256_of(path), study.study_name)
    with threadpool_limits(settings.threads or None):
        for number in range(done, settings.trials):
            # One for each trial: what a sampler has drawn so far is not stored.
            study.sampler = optuna.samplers.TPESampler(seed=settings.seed + number)
            trial = study.ask(space)
            pipeline = models.build_pipeline(
                settings.estimator, inputs.task, trial.params, settings.seed
            )
            scores = models.cross_validate(
                pipeline, features, labels, settings.folds, settings.seed
            )
            score = fmean(next(iter(scores.values())))
            study.tell(trial, score)
            run_logger.log_trial(number, trial.params, score)
            logger.info("trial %d: %.4f with %s", number, score, trial.params)
    print(f"best of {len(study.trials)} trials: {study.best_value:.4f}")
    print(yaml.safe_dump(study.best_params), end="")
    return study.best_params


def open_study(settings: FitSettings, path: Path, inputs: Inputs) -> Any:
    """Return the Optuna study of these data and settings, a new one or the old."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    chosen = ("test_fraction", "seed", "estimator", "folds")
    identity = {
        **settings.model_dump(mode="json", include=set(chosen)),
        "inputs": inputs.model_dump(mode="json"),
        "data_sha256": utils.sha256_of(path),
    }
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    settings.model_dir.mkdir(parents=True, exist_ok=True)
    return optuna.create_study(
        storage=f"sqlite:///{settings.model_dir / 'tuning.sqlite3'}",
        study_name=f"{settings.estimator}-{key[:16]}",
        direction="maximize",
        load_if_exists=True,
    )


def load(
    settings: FitSettings,
) -> tuple[Path, Inputs, pd.DataFrame, pd.DataFrame]:
    """Return the table of the settings, its schema, its training and its test rows."""
    path = utils.find_data(settings.data, settings.data_dir, settings.data_sha256)
    inputs = utils.read_schema(schema_file(settings))
    training, test = utils.load_parts(path, inputs, settings)
    logger.info("%s: %d rows to train on, %d to test", path, len(training), len(test))
    return path, inputs, training, test


def train(settings: TrainSettings, run_logger: RunLogger) -> Path:
    """Train a model, keep it as a new version and return its folder."""
    path, inputs, training, test = load(settings)
    data_sha256 = utils.sha256_of(path)
    run_logger.start("train", path.stem, data_sha256, f"{path.stem}-{time.time():.3f}")
    parameters = dict(settings.parameters)
    if settings.tuned:
        study = open_study(settings, path, inputs)
        if not study.trials:
            raise ConfigError("nothing tuned for these data and settings: run `tune`")
        parameters = {**study.best_params, **parameters}
    pipeline = models.build_pipeline(
        settings.estimator, inputs.task, parameters, settings.seed
    )
    features, labels = utils.split_target(training, inputs)
    started = time.perf_counter()
    with threadpool_limits(settings.threads or None):
        history = models.cross_validate(
            pipeline, features, labels, settings.folds, settings.seed
        )
        if utils.exceeds_memory(path, settings):
            chunks = chunks_of(path, inputs, settings, run_logger)
            models.train_in_chunks(pipeline, features, chunks, len(inputs.classes))
        else:
            models.train_model(pipeline, features, labels)
    logger.info("validated and fitted in %.1f s", time.perf_counter() - started)

    def write(folder: Path) -> dict[str, Any]:
        models.save_model(pipeline, folder)
        unseen, truth = utils.split_target(test.head(export.REFERENCE_ROWS), inputs)
        known = features.sample(
            min(len(features), export.REFERENCE_ROWS), random_state=settings.seed
        )
        outputs = models.predict_outputs(pipeline, unseen)
        export.write_reference(folder, adapter.describe(known, inputs), outputs, truth)
        return export.export_model(pipeline, folder, inputs, unseen)

    metrics = {f"{name}_mean": fmean(values) for name, values in history.items()}
    metrics |= {f"{name}_std": pstdev(values) for name, values in history.items()}
    version = registry.save_version(
        settings.model_dir,
        write,
        (*models.LIBRARIES, *export.EXPORT_LIBRARIES),
        metrics={**metrics, "rows": len(training)},
        history=history,
        settings={**settings.model_dump(mode="json"), "parameters": parameters},
        seed=settings.seed,
        dataset=schema_file(settings).stem,
        classes=inputs.classes,
        inputs=inputs,
        data_sha256=data_sha256,
    )
    run_logger.log_version(version)
    name = next(iter(history))
    mean, deviation = metrics[f"{name}_mean"], metrics[f"{name}_std"]
    print(f"cross-validation {name.removeprefix('cv_')}: {mean:.4f} +/- {deviation:.4f}")
    print(f"model:   {version}")
    return version


def chunks_of(
    path: Path, inputs: Inputs, settings: TrainSettings, run_logger: RunLogger
) -> Iterator[adapter.Labelled]:
    """Yield the training rows of a table that exceeds the memory, once an epoch."""
    for epoch in range(settings.epochs):
        count = 0
        for features, labels in utils.training_chunks(path, inputs, settings):
            count += len(labels)
            yield features, labels
        logger.info("epoch %d of %d: %d rows", epoch + 1, settings.epochs, count)
        run_logger.log_epoch(epoch + 1, {"rows": count})


def evaluate(settings: EvaluateSettings) -> Path:
    """Score a version on its test rows and return the file with the metrics."""
    folder, manifest = registry.load_version(settings.model_dir, settings.version)
    (_, known), (rows, labels) = adapter.load_splits(
        manifest, folder, settings.data_dir, settings.quiet
    )
    outputs = adapter.predictor(folder, manifest)(rows)
    scores = models.score_outputs(outputs, labels, manifest.classes)
    name, guess, what = (
        ("accuracy", DummyClassifier(), "always the most frequent class")
        if manifest.classes
        else ("r2", DummyRegressor(), "always the mean")
    )
    guess.fit(np.zeros((len(known), 1)), known)
    simplest = guess.score(np.zeros((len(labels), 1)), labels)
    scores["baseline"] = {name: simplest, "guess": what}
    file = settings.reports_dir / settings.model_name / folder.name / "metrics.json"
    write_json(file, {"model": str(folder), **scores})
    for label, each in scores.get("classes", {}).items():
        print(f"{label}: precision {each['precision']:.4f}, recall {each['recall']:.4f}")
    print(f"baseline {name}: {simplest:.4f} ({what})")
    for shown in (name, "mae", "rmse"):
        if shown in scores:
            print(f"test {shown}: {scores[shown]:.4f}")
    print(f"model:   {folder}\nmetrics: {file}")
    return file


def predict(settings: PredictSettings) -> None:
    """Predict the rows of a file, however large; write row and prediction as CSV."""
    folder, manifest = registry.load_version(settings.model_dir, settings.version)
    outputs_of = adapter.predictor(folder, manifest)
    names = np.array(manifest.classes, dtype=object)

    def write(target: Any) -> None:
        header = True
        for rows in utils.read_checked(
            settings.input, manifest.inputs, settings.quarantine, target=False
        ):
            outputs = outputs_of(rows)
            table = {"value": outputs[:, 0]}
            if manifest.classes:
                table = {"class": names[outputs.argmax(axis=1)]}
                table["probability"] = outputs.max(axis=1).round(6)
            frame = pd.DataFrame(table, index=rows.index)
            frame.to_csv(target, header=header, lineterminator="\n", mode="a")
            header = False

    if settings.output is None:
        import io

        text = io.StringIO()  # all of it or nothing
        write(text)
        print(text.getvalue(), end="")
    else:
        write_whole(settings.output, write)
        print(f"predictions: {settings.output}")
