"""From the tensors of a request to what a reply needs; the same for every protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from .messages import JSON, Reply, Request, RequestError
from .model import Model
from .tensors import Array, Feeds


@dataclass(slots=True)
class Prediction:
    """What a model predicted.

    Attributes:
        model: The model.
        feeds: What it predicted from.
        values: Probabilities, float32 (n, classes); or values, (n,) or (n, 1).
        classes: How often each class was the most probable one; empty for a
            regression.
    """

    model: Model
    feeds: Feeds
    values: Array
    classes: Mapping[str, int]

    def reply(self, body: bytes, headers: Mapping[str, str] | None = None) -> Reply:
        """Return the reply with a body, and what it counts."""
        return Reply(
            body,
            headers=headers or {"content-type": JSON},
            rows=len(self.values),
            classes=self.classes,
            version=self.model.version,
            feeds=self.feeds,
            outputs=self.values,
        )


def predict(model: Model, feeds: Feeds, request: Request) -> Prediction:
    """Predict what a request asks for.

    Args:
        model: The model.
        feeds: What to predict from, n rows of each tensor.
        request: What says how many rows there may be.

    Raises:
        RequestError: 413 if there are too many rows; 422 if the model has no finite
            answer to a row.
    """
    rows = len(next(iter(feeds.values())))
    if request.max_rows is not None and rows > request.max_rows:
        message = f"has {rows} rows; at most {request.max_rows} are allowed at once"
        raise RequestError(413, message, "body")
    values = model.predict(feeds)[model.outputs[0].name]
    if not np.isfinite(values).all():
        row = int(np.argwhere(~np.isfinite(values))[0][0])
        message = f"row {row} is so unusual that the model has no finite answer"
        raise RequestError(422, message, "body")
    return Prediction(model, feeds, values, counted(model.classes, values))


def counted(classes: tuple[str, ...], values: Array) -> dict[str, int]:
    """Count how often each class is the most probable one.

    Args:
        classes: Their names; none for a regression.
        values: Probabilities, (n, classes).
    """
    if not classes:
        return {}
    if len(values) == 1:  # most requests; `bincount` would take longer than the model
        return {classes[values.argmax()]: 1}
    counts = np.bincount(values.argmax(axis=1), minlength=len(classes)).tolist()
    return {name: count for name, count in zip(classes, counts) if count}


def dump(content: Any) -> bytes:
    """Write JSON; arrays may be in it, of numbers and in one piece."""
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


def reply_json(content: Any, status: int = 200) -> Reply:
    """Return a reply that has nothing to do with a prediction."""
    return Reply(dump(content), status)
