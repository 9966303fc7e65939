"""TensorFlow Serving's REST API: its status, its metadata, its predictions.

https://www.tensorflow.org/tfx/serving/api_rest is what it says; `instances` has a value
for each row, `inputs` one for each tensor. Not offered: classify, regress, base64
(`{"b64": ...}`, for tensors of bytes) and other labels than `production`.
"""

from typing import Any, Literal

import numpy as np
from pydantic import BaseModel
from starlette.responses import Response

from . import rows
from .messages import Asked, Endpoint, Request, refuse, reply_json
from .model import Model, Tensor
from .values import only, read_json, validated

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

    signature_name: Literal["", "serving_default"] | None = None
    instances: Any = None
    inputs: Any = None


def predict(model: Model, request: Request) -> Asked:
    """Predict from `instances`, answered by `predictions`; or `inputs` by `outputs`."""
    question = validated(Question, read_json(model, request, "instances"))
    key, given = only(question, "instances", "inputs")
    read = rows.from_rows if key == "instances" else rows.from_columns
    feeds = read(model, given, key)
    name = "predictions" if key == "instances" else "outputs"
    return feeds, lambda values: reply_json({name: values})


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


ENDPOINTS = [
    Endpoint(method, path + suffix, f"tensorflow_serving_{name}", refuse, handler, read)
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
