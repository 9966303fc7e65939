"""The commands schema, tune, train, evaluate and predict: they put the parts together.

Tables come from utils.py and are checked by schema.py, the pipeline from models.py, a
finished version goes to registry.py.

Yours: the steps of `train`; a setting that you add is one of `TrainSettings`.
"""

import hashlib
import io
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import numpy as np
import pandas as pd
import yaml
from sklearn.metrics import r2_score
from threadpoolctl import threadpool_limits

from . import adapter, export, models, registry, utils
from .adapter import Inputs
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
from .files import write_json, write_whole
from .registry import RunLogger
from .schema import infer_schema, read_schema, write_schema

logger = logging.getLogger(__name__)

# What decides which parameters are the best; with the same of these, a search goes on.
IDENTITY = {"test_fraction", "seed", "estimator", "folds"}


def schema(settings: SchemaSettings) -> Path:
    """Find out what the columns of a table hold; print it and return the file."""
    known = utils.NAMED.get(settings.data, (None, None))
    target, task = settings.target or known[0], settings.task or known[1]
    file = schema_file(settings)
    if target is None or task is None:
        raise ConfigError(
            f"{settings.data}: name the column to predict with --target, and say whether "
            "it is a class or a number with --task classification or --task regression"
        )
    if file.exists() and not settings.force:
        raise ConfigError(f"{file} is there already; replace it with --force")
    path = utils.find_data(settings.data, settings.data_dir, settings.data_sha256)
    names = next(utils.read_chunks(path), pd.DataFrame()).columns
    absent = {target, *settings.drop}.difference(names)
    if absent:
        raise DataError(f"{path}: no column {sorted(absent)}; there are {list(names)}")
    kept = [name for name in names if name not in settings.drop]
    rows, _ = utils.sample(utils.read_chunks(path, kept, kept), 0.0, seed=0)
    print(write_schema(file, infer_schema(rows[kept], target, task)), end="")
    print(f"schema:  {file}, from {len(rows):,} rows")
    return file


def schema_file(settings: DataSettings) -> Path:
    """Return where the schema of a table is kept."""
    name = Path(settings.data).name
    for suffix in utils.SUFFIXES:
        name = name.removesuffix(suffix)
    return settings.schemas_dir / f"{name}.yaml"


def load(settings: FitSettings) -> tuple[Path, Inputs, pd.DataFrame, pd.DataFrame]:
    """Return the table of the settings, its schema, its training and its test rows."""
    path = utils.find_data(settings.data, settings.data_dir, settings.data_sha256)
    inputs = read_schema(schema_file(settings))
    training, test = utils.load_parts(path, inputs, settings)
    logger.info("%s: %d rows to train on, %d to test", path, len(training), len(test))
    return path, inputs, training, test


def open_study(settings: FitSettings, inputs: Inputs, data_sha256: str) -> Any:
    """Return the Optuna study of these data and settings: the old one, or a new one."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    identity = settings.model_dump(mode="json", include=IDENTITY)
    identity |= {"inputs": inputs.model_dump(mode="json"), "data": data_sha256}
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    settings.model_dir.mkdir(parents=True, exist_ok=True)
    return optuna.create_study(
        storage=f"sqlite:///{settings.model_dir / 'tuning.sqlite3'}",
        study_name=f"{settings.estimator}-{key[:16]}",
        direction="maximize",
        load_if_exists=True,
    )


def tune(settings: TuneSettings, run_logger: RunLogger) -> dict[str, Any]:
    """Search for the best parameters and return them; go on where it was stopped.

    A trial depends on the seed and on the trials before it, nothing else, so that a
    search that was stopped ends as one that was not.
    """
    from optuna.distributions import FloatDistribution, IntDistribution
    from optuna.samplers import TPESampler
    from optuna.trial import TrialState

    path, inputs, training, _ = load(settings)
    features, labels = utils.split_target(training, inputs)
    model = models.make_estimator(settings.estimator, inputs.task)
    space: dict[str, Any] = {}
    for name, (low, high) in models.SPACES.get(settings.estimator, {}).items():
        if name in model.get_params():
            kind = IntDistribution if isinstance(low, int) else FloatDistribution
            space[name] = kind(low, high, log=True)
    if not space:
        raise ConfigError(f"estimator: SPACES in models.py has no {settings.estimator}")
    data_sha256 = utils.sha256_of(path)
    study = open_study(settings, inputs, data_sha256)
    run_logger.start("tune", schema_file(settings).stem, data_sha256, study.study_name)
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)  # its process was killed
    done = len(study.get_trials(states=(TrialState.COMPLETE,)))
    with threadpool_limits(settings.threads or None):
        for number in range(done, settings.trials):
            # A new one each time: what a sampler has drawn so far is not stored.
            study.sampler = TPESampler(seed=settings.seed + number)
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
            logger.info("trial %d: %.4f with %s", number + 1, score, trial.params)
    print(yaml.safe_dump(study.best_params), end="")
    name = "accuracy" if inputs.classes else "r2"
    print(f"cv_{name}: {study.best_value:.4f}, the best of {settings.trials} trials")
    return dict(study.best_params)


def train(settings: TrainSettings, run_logger: RunLogger) -> Path:
    """Train a model, keep it as a new version and return its folder."""
    path, inputs, training, test = load(settings)
    dataset, data_sha256 = schema_file(settings).stem, utils.sha256_of(path)
    run_logger.start("train", dataset, data_sha256, f"{dataset}-{time.time():.3f}")
    parameters = dict(settings.parameters)
    if settings.tuned:
        study = open_study(settings, inputs, data_sha256)
        if not study.trials:
            raise ConfigError("nothing tuned with these data and settings: run `tune`")
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
            chunks = epochs_of(path, inputs, settings, run_logger)
            models.train_in_chunks(pipeline, features, chunks, len(inputs.classes))
        else:
            models.train_model(pipeline, features, labels)
    logger.info("validated and fitted in %.1f s", time.perf_counter() - started)
    metrics = {f"{name}_mean": fmean(values) for name, values in history.items()}
    metrics |= {f"{name}_std": pstdev(values) for name, values in history.items()}

    def write(folder: Path) -> dict[str, Any]:
        models.save_model(pipeline, folder)
        return exported(pipeline, folder, inputs, features, test)

    version = registry.save_version(
        settings.model_dir,
        write,
        (*models.LIBRARIES, *export.EXPORT_LIBRARIES),
        metrics={**metrics, "rows": len(training)},
        history=history,
        settings={**settings.model_dump(mode="json"), "parameters": parameters},
        seed=settings.seed,
        dataset=dataset,
        classes=inputs.classes,
        inputs=inputs,
        data_sha256=data_sha256,
    )
    run_logger.log_version(version)
    name = next(iter(history))
    mean, deviation = metrics[f"{name}_mean"], metrics[f"{name}_std"]
    print(
        f"cross-validation {name.removeprefix('cv_')}: {mean:.4f} +/- {deviation:.4f}"
    )
    print(f"model:   {version}")
    return version


def epochs_of(
    path: Path, inputs: Inputs, settings: TrainSettings, run_logger: RunLogger
) -> Iterator[adapter.Labelled]:
    """Yield the training rows of a table that exceeds the memory, once an epoch."""
    for epoch in range(1, settings.epochs + 1):
        count = 0
        for features, labels in utils.training_chunks(path, inputs, settings):
            count += len(labels)
            yield features, labels
        logger.info("epoch %d/%d: %d rows", epoch, settings.epochs, count)
        run_logger.log_epoch(epoch, {"rows": count})


def exported(
    pipeline: Any,
    folder: Path,
    inputs: Inputs,
    features: pd.DataFrame,
    test: pd.DataFrame,
) -> dict[str, Any]:
    """Write what servers load, and what later rows are compared with.

    Nothing is learned from the test rows here, and nothing is scored.
    """
    unseen, labels = utils.split_target(test[: export.REFERENCE_ROWS], inputs)
    outputs = models.predict_outputs(pipeline, unseen)
    few = min(len(features), export.REFERENCE_ROWS)
    described = adapter.describe(features.sample(few, random_state=0), inputs)
    export.write_reference(folder, described, outputs, labels)
    return export.export_model(pipeline, folder, inputs, unseen)


def evaluate(settings: EvaluateSettings) -> Path:
    """Score a version on its test rows and return the file with the metrics."""
    folder, manifest = registry.load_version(settings.model_dir, settings.version)
    (_, known), (rows, labels) = adapter.load_splits(
        manifest, folder, settings.data_dir, settings.quiet
    )
    outputs = adapter.predictor(folder, manifest)(rows)
    scores = models.score_outputs(outputs, labels, manifest.classes)
    if manifest.classes:
        name, what = "accuracy", "always the most frequent class"
        simplest = float((labels == np.bincount(known).argmax()).mean())
    else:
        name, what = "r2", "always the mean"
        simplest = r2_score(labels, np.full(len(labels), known.mean()))
    scores["baseline"] = {name: simplest, "guess": what}
    file = settings.reports_dir / settings.model_name / folder.name / "metrics.json"
    write_json(file, {"model": str(folder), **scores})
    for label, each in scores.get("classes", {}).items():
        print(
            f"{label}: precision {each['precision']:.4f}, recall {each['recall']:.4f}"
        )
    print(f"baseline {name}: {simplest:.4f} ({what})")
    for shown in (name, "mae", "rmse") if name == "r2" else (name,):
        print(f"test {shown}: {scores[shown]:.4f}")
    print(f"model:   {folder}\nmetrics: {file}")
    return file


def predict(settings: PredictSettings) -> None:
    """Predict the rows of a file, however large; write row and prediction as CSV."""
    folder, manifest = registry.load_version(settings.model_dir, settings.version)
    outputs_of, classes = adapter.predictor(folder, manifest), np.array(
        manifest.classes
    )

    def write(target: Any) -> None:
        chunks = utils.read_checked(
            settings.input, manifest.inputs, settings.quarantine, target=False
        )
        for number, rows in enumerate(chunks):
            outputs = outputs_of(rows) if len(rows) else np.empty((0, 1))
            table: dict[str, Any] = {"value": outputs[:, 0]}
            if manifest.classes:
                table = {"class": classes[outputs.argmax(axis=1)]}
                table["probability"] = outputs.max(axis=1).round(6)
            frame = pd.DataFrame(table, index=rows.index)
            frame.to_csv(target, header=not number, lineterminator="\n", mode="a")

    if settings.output is not None:
        write_whole(settings.output, write)
        print(f"predictions: {settings.output}")
    else:
        text = io.StringIO()  # all rows or none
        write(text)
        print(text.getvalue(), end="")
