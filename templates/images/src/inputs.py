"""What a model has to be given; read by whoever uses a version, framework or not."""

from pydantic import BaseModel, ConfigDict


class Inputs(BaseModel):
    """What a model of images has to be given; kept in its manifest.

    Attributes:
        height: Of an image, in pixels.
        width: The same.
        max_value: The largest pixel value; what images are divided by.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    height: int
    width: int
    max_value: float

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each input of the exported graph; -1: the number of images."""
        return {"images": (-1, self.height, self.width)}
