"""What the tensors of a graph are called by ONNX Runtime and by the protocols."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..adapter import Inputs

Array: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float64]
Feeds: TypeAlias = Mapping[str, Array]

TEXT: np.dtype[Any] = np.dtype(object)  # how NumPy holds texts of any length
# https://onnxruntime.ai/docs/api/python/api_summary.html, `NodeArg.type`.
FROM_ONNX: dict[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(double)": np.dtype(np.float64),
    "tensor(string)": TEXT,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a value may be.

    Attributes:
        minimum: The smallest number; for a date, in days since 1970.
        maximum: The largest one.
        categories: The texts that may occur; None for any.
        nullable: Whether a value may be missing.
        date: Whether the numbers are dates, which JSON has as texts (ISO 8601).
    """

    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] | None = None
    nullable: bool = False
    date: bool = False


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or an output of a graph.

    Attributes:
        name: Its name in the graph.
        dtype: Its type; `object` for texts.
        shape: Its sizes; -1 for one that is free, such as the number of rows.
        limits: What its values may be.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    limits: Limits = Limits()


def limits_of(inputs: Inputs) -> dict[str, Limits]:
    """Return the limits of each input of a model, from its manifest."""
    #% if cookiecutter.__data_kind == "images"
    return dict.fromkeys(inputs.shapes, Limits(minimum=0, maximum=inputs.max_value))
    #% else
    return {
        name: Limits(
            minimum=None if rule.minimum is None else rule.bounds[0],
            maximum=None if rule.maximum is None else rule.bounds[1],
            categories=rule.categories,
            nullable=rule.nullable,
            date=rule.kind == "date",
        )
        for name, rule in inputs.rules.items()
        if name != inputs.target
    }
    #% endif
