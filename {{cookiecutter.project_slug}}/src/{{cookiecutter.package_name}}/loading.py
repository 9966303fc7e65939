"""From settings to rows: which table, which schema, which rows to train on."""

import logging
from pathlib import Path

import pandas as pd

from . import checks, datasets, schema, utils
from .backend import is_large
from .config import Settings
from .datasets import DataError, Source
from .files import file_sha256
from .models import Target
from .registry import Manifest
from .schema import Schema
from .settings import DataSettings, FitSettings, TrainSettings

logger = logging.getLogger(__name__)


def find(settings: DataSettings) -> Source:
    """Return the table that the settings name."""
    return datasets.locate(
        settings.data,
        settings.data_dir,
        settings.target,
        settings.task,
        settings.data_sha256,
        not settings.quiet,
    )


def find_with_schema(settings: DataSettings) -> tuple[Source, Schema]:
    """Return the table that the settings name, and what its columns may hold."""
    source = find(settings)
    path = schema.schema_path(settings.schemas_dir, source.name)
    expected = schema.read_schema(path)
    schema.require_same(expected, source.target, source.task, path)
    return source, expected


def load_cells(settings: DataSettings, source: Source) -> pd.DataFrame:
    """Return the text cells of a table; of a large one, those of a sample of rows.

    Raises:
        DataError: If it cannot be read, or nothing can be learned from it.
    """
    if is_large(source.path, settings):
        from .large import sample_cells

        raw = sample_cells(source.path, settings.drop)
        logger.info("%s: a sample of %d rows is looked at", source.path, len(raw))
    else:
        raw = utils.get_data(source.path, settings.drop)
    utils.refuse_useless(raw, source.target, str(source.path))
    return raw


def load_training(
    settings: FitSettings, source: Source, expected: Schema
) -> tuple[pd.DataFrame, int]:
    """Return the training rows of a table, and how many of all its rows were bad.

    Raises:
        DataError: If it cannot be read, rows are bad, or it cannot be learned from.
    """
    frame, bad = checks.load_checked(
        source.path, expected, settings.drop, quarantine=settings.quarantine
    )
    utils.refuse_useless(frame, source.target, str(source.path))
    absent = sorted(set(expected.classes) - set(frame[source.target]))
    if absent:
        # The outputs of a model would be fewer than the names of its classes.
        raise DataError(
            f"{source.path}: no row of {utils.listed(absent)}, which the schema lists "
            f"for {source.target!r}; add rows, or take that out of the schema"
        )
    training, test = utils.split_data(
        frame, source.target, source.task, settings.test_fraction, settings.seed
    )
    logger.info(
        "%s: %d rows to train on, %d to test on, %d columns",
        source.path,
        len(training),
        len(test),
        len(expected.kinds),
    )
    return training, bad


def split_target(frame: pd.DataFrame, expected: Schema) -> tuple[pd.DataFrame, Target]:
    """Return the columns to predict from, and the target as a model takes it."""
    features = frame.drop(columns=expected.target)
    target = frame[expected.target]
    if expected.task == "classification":
        return features, utils.encode_labels(target, expected.classes)
    return features, target.to_numpy(dtype="float64")


def find_trained(
    settings: Settings, folder: Path, manifest: Manifest
) -> tuple[TrainSettings, Source]:
    """Return the settings that a version was trained with, and its table.

    Raises:
        DataError: If the table cannot be had, or has changed since.
    """
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
    return trained, source


def load_parts(
    trained: TrainSettings, source: Source, expected: Schema
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the training rows and the test rows of a training in memory."""
    quarantine = Path(trained.quarantine) if trained.quarantine else None
    frame, _ = checks.load_checked(
        source.path, expected, trained.drop, quarantine=quarantine
    )
    return utils.split_data(
        frame, source.target, source.task, trained.test_fraction, trained.seed
    )
