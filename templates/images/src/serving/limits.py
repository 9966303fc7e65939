"""What the values that a model is given may be: those of pixels."""

from pathlib import Path

from ..adapter import Inputs
from .tensors import Limits


def limits_of(folder: Path, inputs: Inputs) -> dict[str, Limits]:
    """Return the limits of each input of a version.

    Args:
        folder: The version's; images need nothing from it.
        inputs: What the manifest says of them.
    """
    limits = Limits(minimum=0, maximum=inputs.max_value)
    return dict.fromkeys(inputs.shapes, limits)
