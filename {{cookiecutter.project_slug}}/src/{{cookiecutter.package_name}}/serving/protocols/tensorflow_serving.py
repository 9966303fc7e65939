"""TensorFlow Serving's REST API: its status, its metadata, its predictions.

https://www.tensorflow.org/tfx/serving/api_rest is what it says; `instances` has a value
for each row, `inputs` one for each tensor. Not offered: classify, regress, base64
(`{"b64": ...}`, for tensors of bytes) and the labels of versions.
"""

from typing import Any

import numpy as np

from .. import rows
from ..messages import Endpoint, Reply, Request, RequestError
from ..model import Model, Models
from ..parsing import parse_object, require_json
from ..predictions import dump, predict, reply_json
from ..tensors import TEXT, Tensor

PROTOCOL = "TensorFlow Serving"
SIGNATURE = "serving_default"
# https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/types.proto
TYPES = {
    np.dtype(np.float32): "DT_FLOAT",
    np.dtype(np.float64): "DT_DOUBLE",
    TEXT: "DT_STRING",
}


def model_status(models: Models, request: Request) -> Reply:
    """Say that the model's version is there."""
    model = requested(models, request)
    status = {"error_code": "OK", "error_message": ""}
    version = {"version": str(model.version), "state": "AVAILABLE", "status": status}
    return reply_json({"model_version_status": [version]})


def model_metadata(models: Models, request: Request) -> Reply:
    """Describe the tensors of the model."""
    model = requested(models, request)
    signature = {
        "inputs": {tensor.name: described(tensor) for tensor in model.tensors},
        "outputs": {tensor.name: described(tensor) for tensor in model.outputs},
        "method_name": "tensorflow/serving/predict",
    }
    return reply_json(
        {
            "model_spec": {
                "name": model.name,
                "signature_name": "",
                "version": str(model.version),
            },
            "metadata": {
                "signature_def": {"signature_def": {SIGNATURE: signature}},
            },
        }
    )


def model_predict(models: Models, request: Request) -> Reply:
    """Predict from `instances`, answered by `predictions`; or `inputs` by `outputs`.

    Raises:
        RequestError: 4xx if the body is not what the model takes.
    """
    require_json(request)
    model = requested(models, request)
    key = "predictions"
    feeds = rows.quick(model, request.body, "instances")
    if feeds is None:
        document = parse_object(request.body)
        signature = document.get("signature_name") or SIGNATURE
        if signature != SIGNATURE:
            message = f"unknown: {signature!r:.60}; there is only {SIGNATURE!r}"
            raise RequestError(400, message, "signature_name")
        if ("instances" in document) == ("inputs" in document):
            raise RequestError(400, "must have either `instances` or `inputs`", "body")
        if "instances" in document:
            feeds = rows.from_rows(model, document["instances"], "instances")
        else:
            key = "outputs"
            feeds = rows.from_columns(model, document["inputs"], "inputs")
    prediction = predict(model, feeds, request)
    return prediction.reply(dump({key: prediction.values}))


def requested(models: Models, request: Request) -> Model:
    """Return the model that the path names."""
    return models.get(request.path["name"], request.path.get("version"))


def described(tensor: Tensor) -> dict[str, Any]:
    """Describe a tensor as a `TensorInfo` message is written in JSON."""
    sizes = [{"size": str(size), "name": ""} for size in tensor.shape]
    return {
        "dtype": TYPES[tensor.dtype],
        "tensor_shape": {"dim": sizes, "unknown_rank": False},
        "name": f"{SIGNATURE}_{tensor.name}:0",
    }


def refuse(error: RequestError) -> Reply:
    """Write an error as TensorFlow Serving does."""
    return reply_json({"error": str(error)}, error.status)


PATH = "/v1/models/{name}"
VERSION = PATH + "/versions/{version}"
ENDPOINTS = [
    Endpoint(
        method, path + suffix, handler, f"tensorflow_serving_{name}", refuse, PROTOCOL
    )
    for method, suffix, handler, name in (
        ("POST", ":predict", model_predict, "predict"),
        ("GET", "/metadata", model_metadata, "metadata"),
        ("GET", "", model_status, "status"),
    )
    for path in (PATH, VERSION)
]
