"""The commands, on a cluster if --ray names one, or else as the rest has them.

All nodes need this package in one version, and the folder that the commands run in, at
the same place: data, models and output are read and written where they lie.
"""

import os
from pkgutil import resolve_name
from typing import Any

from pydantic import Field

from .. import config


class OnRay(config.Settings):
    """Where a command runs."""

    # Not in manifests: what comes out is the same everywhere.
    ray: str | None = Field(None, min_length=1, exclude=True)
    """Ray cluster to run on: host:port of its head; auto: the one of this machine"""


#% if cookiecutter.__data_kind == "tabular"
class TuneSettings(OnRay, config.TuneSettings):
    __doc__ = config.TuneSettings.__doc__


#% endif
class TrainSettings(OnRay, config.TrainSettings):
    __doc__ = config.TrainSettings.__doc__


class PredictSettings(OnRay, config.PredictSettings):
    __doc__ = config.PredictSettings.__doc__


#% if cookiecutter.__data_kind == "tabular"
def tune(settings: TuneSettings) -> Any:
    """Search for the best parameters; on a cluster, a trial for each of its cores."""
    return run(settings, "tuning:tune", "training:tune")


#% endif
def train(settings: TrainSettings) -> Any:
    """Train a model, on a cluster in parallel."""
    return run(settings, "commands:train", "training:train")


def predict(settings: PredictSettings) -> Any:
    """Predict the rows of a file; on a cluster, of files that exceed any memory."""
    return run(settings, "commands:predict", "scoring:score")


def run(settings: OnRay, here: str, there: str) -> Any:
    """Call the one function of the settings, or on a cluster the other one."""
    if settings.ray is None:
        return resolve_name(f"{config.__package__}.{here}")(settings)
    os.environ.setdefault("RAY_DATA_LOG_LEVEL", "WARNING")
    import ray

    try:
        ray.init(settings.ray, log_to_driver=False, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        message = f"ray: no cluster at {settings.ray}: {error}"
        raise config.ConfigError(message) from error
    try:
        return resolve_name(f"{__package__}.{there}")(settings)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, config.ProjectError):  # needs no traceback
            raise error.cause from error
        raise
    finally:
        ray.shutdown()
