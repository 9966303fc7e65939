"""Two versions of a model, on the same test rows."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import large, models, schema
from .config import ConfigError
from .judging import Comparison, compare_classes
from .loading import find_trained, find_with_schema, load_parts, split_target
from .paired_bootstrap import compare_numbers
from .registry import Manifest
from .settings import RetrainSettings

Version = tuple[Path, Manifest]

logger = logging.getLogger(__name__)

MOST_ROWS = 100_000  # of a table larger than memory; more would hardly change a verdict
# Beside the table, what decides which of its rows are the test rows.
SPLIT = ("seed", "test_fraction", "in_chunks")


def refuse_incomparable(settings: RetrainSettings, champion: Manifest) -> None:
    """Raise a ConfigError if the champion cannot predict the rows of the table."""
    source, expected = find_with_schema(settings)
    inputs = champion.inputs
    problems = []
    if (inputs.target, inputs.task) != (source.target, source.task):
        problems.append(f"it predicts {inputs.target!r} as a {inputs.task}")
    elif champion.classes != expected.classes:
        problems.append(f"its classes are {', '.join(champion.classes)}")
    problems += [
        f"it needs the column {name!r} as a {kind}"
        for name, kind in inputs.columns.items()
        if expected.kinds.get(name) != kind
    ]
    if problems:
        raise ConfigError(
            f"data: the version in use cannot be compared on {source.path}: "
            f"{'; '.join(problems)}. Take another model_name for the new model"
        )


def compare(
    settings: RetrainSettings, champion: Version, challenger: Version
) -> Comparison:
    """Compare two versions on the test rows of the challenger's table.

    Raises:
        DataError: If the rows cannot be had.
    """
    folder, manifest = challenger
    trained, source = find_trained(settings, folder, manifest)
    expected = schema.read_schema(folder / schema.FILE)
    if manifest.settings["in_chunks"]:
        _, test = large.draw(settings, trained, source, expected, (1, MOST_ROWS))
    else:
        _, test = load_parts(trained, source, expected)
    features, target = split_target(test, expected)
    said = [
        models.predict_outputs(
            models.load_model(folder),
            features[list(manifest.inputs.columns)],
            manifest.classes,
        )
        for folder, manifest in (champion, challenger)
    ]
    if expected.classes:
        found = compare_classes(target, said[0], said[1])
    else:
        found = compare_numbers(target, said[0], said[1], settings.seed)
    unseen = split_of(champion[1]) == split_of(manifest)
    if not unseen:
        logger.warning(
            "the version in use was trained on other rows, perhaps on some of those "
            "that it is compared on now; that can only flatter it"
        )
    return replace(found, unseen=unseen)


def split_of(manifest: Manifest) -> list[Any]:
    """Return what decides which rows of which table are the test rows."""
    return [manifest.data_sha256, *(manifest.settings[name] for name in SPLIT)]
