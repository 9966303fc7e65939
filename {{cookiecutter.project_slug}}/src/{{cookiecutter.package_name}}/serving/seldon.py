"""Seldon's first protocol: `data` as `ndarray` or as `tensor`.

https://docs.seldon.ai/seldon-core-1/reference/apis/prediction is what it says. The
answer comes in the form of the question; `names` says which number belongs to which
class. Not offered: `tftensor`, `binData`, `strData`, `jsonData`.
"""

import math
from functools import partial
from typing import Any

import numpy as np
from pydantic import BaseModel, Field
from starlette.responses import Response

from . import rows
from .messages import Array, Asked, Endpoint, Request, RequestError, reply_json
from .model import Model
from .values import Shape, flattened, only, read_json, validated


class Tensor(BaseModel, strict=True):
    """All rows as one flat list."""

    shape: Shape
    values: Any


class Data(BaseModel, strict=True):
    """Rows in one of two forms."""

    names: list[str] = Field([], fail_fast=True)
    ndarray: Any = None
    tensor: Tensor | None = None


class Question(BaseModel, strict=True):
    """The body of a request; only the `puid` of its `meta` matters."""

    data: Data
    meta: Any = None


def predict(model: Model, request: Request) -> Asked:
    """Predict; there is one model, so the path names none."""
    question = validated(Question, read_json(model, request, "data", "ndarray"))
    form, table = only(question.data, "ndarray", "tensor", field="data")
    field = "data.ndarray"
    if form == "tensor":
        field, shape = "data.tensor.values", table.shape
        found = flattened(table.values, [math.prod(shape)], field)
        table = np.array(found, dtype=np.float64).reshape(shape).tolist()
    feeds = rows.from_rows(model, table, field, question.data.names)
    return feeds, partial(write, model, form, question.meta)


def write(model: Model, form: str, given: Any, values: Array) -> Response:
    """Answer in the form of the question, with the version and the question's id."""
    table: Any = values.reshape(len(values), -1)
    if form == "tensor":
        table = {"shape": table.shape, "values": table.reshape(-1)}
    meta: dict[str, Any] = {"requestPath": {model.name: str(model.version)}}
    if isinstance(given, dict) and isinstance(given.get("puid"), str):
        meta["puid"] = given["puid"]
    data = {"names": rows.output_names(model), form: table}
    return reply_json({"data": data, "meta": meta})


def refuse(error: RequestError) -> Response:
    """Write an error as a Seldon `Status` message."""
    reason = "MICROSERVICE_BAD_DATA" if error.status < 500 else "UNAVAILABLE"
    content = {"code": error.status, "info": str(error), "reason": reason}
    return reply_json({"status": {**content, "status": "FAILURE"}}, error.status)


# Behind the ingress of Seldon Core, a path names a namespace and a deployment.
ENDPOINTS = [
    Endpoint("POST", path, "seldon_predict", refuse, read=predict)
    for path in (
        "/api/v1.0/predictions",
        "/seldon/{namespace}/{deployment}/api/v1.0/predictions",
    )
]
