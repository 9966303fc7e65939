"""The settings of `retrain` that `train` does not have; quick to import."""

from pydantic import Field

from .signing import VerifySettings


class BaseRetrainSettings(VerifySettings):
    """What every `retrain` can be told beside the options of `train`."""

    margin: float = Field(
        0.0,
        ge=0,
        le=1,
        description="How much better the new model's score must be, accuracy or r2",
    )
    alpha: float = Field(
        0.05,
        gt=0,
        lt=0.5,
        description="How often a model that is no better may pass for better",
    )
