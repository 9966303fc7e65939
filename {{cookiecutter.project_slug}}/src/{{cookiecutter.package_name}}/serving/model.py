"""A version of a model, ready to predict with ONNX Runtime."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..inputs import Inputs

Array: TypeAlias = npt.NDArray[Any]
Feeds: TypeAlias = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or an output of a graph.

    Attributes:
        name: Its name in the graph.
        dtype: Its type; `object` for texts.
        shape: Its sizes; -1 for one that is free, such as the number of rows.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


class Model:
    """A verified version of a model; safe to use from several threads.

    Attributes:
        name: What requests call it.
        version: Its number.
        classes: The name of each class, in the order of the output; none for a
            regression.
        inputs: What it has to be given, from the manifest.
        tensors: The inputs of the graph.
        outputs: The outputs of the graph: `probabilities` or `value`.
    """

    name: str
    version: int
    classes: tuple[str, ...]
    inputs: Inputs
    tensors: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def predict(self, feeds: Feeds) -> dict[str, Array]:
        """Predict a batch.

        Args:
            feeds: An array for every one of `tensors`, of its type and shape.

        Returns:
            An array for every one of `outputs`.
        """
        raise NotImplementedError


class Models(Protocol):
    """The models that a server has; reload.py keeps them up to date."""

    def get(self, name: str | None = None, version: str | None = None) -> Model:
        """Return a model.

        Args:
            name: What the request calls it; the only one if not given.
            version: The number as the request writes it; the served one if not given.

        Raises:
            RequestError: 404 if there is no such model or version; 503 if there is
                none at all yet.
        """


def load_model(model_dir: Path, version: int, threads: int = 1) -> Model:
    """Load a version, check it, and predict once with it.

    Args:
        model_dir: The folder of all its versions; its name is the model's.
        version: The version.
        threads: How many threads one prediction may use.

    Raises:
        RegistryError: If there is no such version, it was changed, it has no
            `model.onnx`, or its graph is not what the manifest says.
    """
    raise NotImplementedError
