"""The settings of the commands here; quick to import, as `--help` reads them."""

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
