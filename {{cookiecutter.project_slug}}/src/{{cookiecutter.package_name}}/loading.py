"""From settings to rows: which table, which schema, which rows to train on."""

import logging

import pandas as pd

from . import checks, datasets, schema, utils
from .datasets import Source
from .models import Target
from .schema import Schema
from .settings import DataSettings, FitSettings

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


def load_training(
    settings: FitSettings,
) -> tuple[Source, Schema, pd.DataFrame, int]:
    """Return the table, its schema, its training rows, and how many rows were bad."""
    source = find(settings)
    path = schema.schema_path(settings.schemas_dir, source.name)
    expected = schema.read_schema(path)
    schema.require_same(expected, source.target, source.task, path)
    frame, bad = checks.load_checked(
        source.path, expected, settings.drop, quarantine=settings.quarantine
    )
    utils.refuse_useless(frame, source.target, str(source.path))
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
    return source, expected, training, bad


def split_target(frame: pd.DataFrame, expected: Schema) -> tuple[pd.DataFrame, Target]:
    """Return the columns to predict from, and the target as a model takes it."""
    features = frame.drop(columns=expected.target)
    target = frame[expected.target]
    if expected.task == "classification":
        return features, utils.encode_labels(target, expected.classes)
    return features, target.to_numpy(dtype="float64")
