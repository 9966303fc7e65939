"""The commands, on a cluster if --ray names one, or else as the rest has them.

All nodes need this package in one version, and the folder that the commands run in, at
the same place: data, models and output are read and written where they lie.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import commands
from ..config import ConfigError, ProjectError
from . import settings as of


@contextmanager
def cluster(address: str) -> Iterator[None]:
    """Join a cluster; what a worker refuses is an error without a traceback."""
    os.environ.setdefault("RAY_DATA_LOG_LEVEL", "WARNING")
    import ray

    try:
        ray.init(address, log_to_driver=False, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ConfigError(f"ray: no cluster at {address}: {error}") from error
    try:
        yield
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, ProjectError):
            raise error.cause from error
        raise
    finally:
        ray.shutdown()


#% if cookiecutter.__data_kind == "tabular"
def tune(settings: of.TuneSettings) -> Any:
    """Search for the best parameters; on a cluster, a trial for each of its cores."""
    from .. import tuning

    if settings.ray is None:
        return tuning.tune(settings)
    from .training import run_trials

    with cluster(settings.ray):
        return tuning.tune(settings, run_trials)


#% endif
def train(settings: of.TrainSettings) -> Any:
    """Train a model, on a cluster in parallel."""
    if settings.ray is None:
        return commands.train(settings)
    from . import training

    with cluster(settings.ray):
        return training.train(settings)


def predict(settings: of.PredictSettings) -> Any:
    """Predict the rows of a file; on a cluster, of files that exceed any memory."""
    if settings.ray is None:
        return commands.predict(settings)
    from .scoring import score

    with cluster(settings.ray):
        return score(settings)
