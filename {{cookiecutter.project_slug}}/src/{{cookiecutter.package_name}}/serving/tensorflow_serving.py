"""TensorFlow Serving's REST API: its status, its metadata, its predictions.

https://www.tensorflow.org/tfx/serving/api_rest is what it says; `instances` has a value
for each row, `inputs` one for each tensor. Not offered: classify, regress, base64
(`{"b64": ...}`, for tensors of bytes) and other labels than `production`.
"""

from functools import partial
from typing import Any

import numpy as np
from pydantic import BaseModel
from starlette.responses import Response

from . import rows
from .messages import Array, Asked, Endpoint, Request, RequestError, refuse, reply_json
from .model import Model, Tensor
from .values import parse, require_json, validated

SIGNATURE = "serving_default"
# https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/types.proto
TYPES = {
    np.dtype(np.float32): "DT_FLOAT",
    np.dtype(np.float64): "DT_DOUBLE",
    np.dtype(object): "DT_STRING",
    np.dtype(bool): "DT_BOOL",
}


class Question(BaseModel):
    """The body of a request to predict."""

    signature_name: str | None = None
    instances: Any = None
    inputs: Any = None


def predict(model: Model, request: Request) -> Asked:
    """Predict from `instances`, answered by `predictions`; or `inputs` by `outputs`."""
    require_json(model, request)
    if (quick := rows.quick(model, request.body, "instances")) is not None:
        return quick, partial(write, "predictions")
    question = validated(Question, parse(request.body))
    signature = question.signature_name or SIGNATURE
    if signature != SIGNATURE:
        message = f"unknown: {signature!r:.60}; there is only {SIGNATURE!r}"
        raise RequestError(400, message, "signature_name")
    if (question.instances is None) == (question.inputs is None):
        raise RequestError(400, "must have either `instances` or `inputs`", "body")
    if question.inputs is None:
        feeds = rows.from_rows(model, question.instances, "instances")
        return feeds, partial(write, "predictions")
    feeds = rows.from_columns(model, question.inputs, "inputs")
    return feeds, partial(write, "outputs")


def write(key: str, values: Array) -> Response:
    """Answer by the key that belongs to the question's."""
    return reply_json({key: values})


def status(model: Model, request: Request) -> Response:
    """Say that the model's version is there."""
    good = {"error_code": "OK", "error_message": ""}
    version = {"version": str(model.version), "state": "AVAILABLE", "status": good}
    # The last two are what KServe has at this path.
    content = {"model_version_status": [version], "name": model.name, "ready": True}
    return reply_json(content)


def metadata(model: Model, request: Request) -> Response:
    """Describe the tensors of the model."""
    signature = {
        "inputs": {tensor.name: described(tensor) for tensor in model.tensors},
        "outputs": {tensor.name: described(tensor) for tensor in model.outputs},
        "method_name": "tensorflow/serving/predict",
    }
    spec = {"name": model.name, "signature_name": "", "version": str(model.version)}
    definition = {"signature_def": {"signature_def": {SIGNATURE: signature}}}
    return reply_json({"model_spec": spec, "metadata": definition})


def described(tensor: Tensor) -> dict[str, Any]:
    """Describe a tensor as a `TensorInfo` message is written in JSON."""
    sizes = [{"size": str(size), "name": ""} for size in tensor.shape]
    return {
        "dtype": TYPES[rows.asked(tensor)],
        "tensor_shape": {"dim": sizes, "unknown_rank": False},
        "name": f"{SIGNATURE}_{tensor.name}:0",
    }


NAME, ID = "TensorFlow Serving", "tensorflow_serving"
ENDPOINTS = [
    Endpoint(method, path + suffix, f"{ID}_{name}", NAME, refuse, handler, read)
    for path in (
        "/v1/models/{name}",
        "/v1/models/{name}/versions/{version}",
        "/v1/models/{name}/labels/{label}",
    )
    for method, suffix, name, handler, read in (
        ("POST", ":predict", "predict", None, predict),
        ("GET", "/metadata", "metadata", metadata, None),
        ("GET", "", "status", status, None),
    )
]
