"""The Open Inference Protocol, version 2, over HTTP.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
is what it says; tensors_v2.py reads and writes its tensors.
"""

from importlib import metadata
from typing import Any

from .. import rows
from ..messages import Endpoint, Reply, Request, RequestError
from ..model import Model, Models
from ..predictions import dump, predict, reply_json
from . import tensors_v2
from .tensors_v2 import HEADER_LENGTH

SERVER = "{{ cookiecutter.project_slug }}"
PROTOCOL = "Open Inference Protocol"


def server_metadata(models: Models, request: Request) -> Reply:
    """Describe the server."""
    return reply_json(
        {
            "name": SERVER,
            "version": metadata.version(SERVER),
            "extensions": ["binary_tensor_data"],
        }
    )


def server_live(models: Models, request: Request) -> Reply:
    """Say that the process answers."""
    return reply_json({"live": True})


def server_ready(models: Models, request: Request) -> Reply:
    """Say that there is a model; 503 while there is none."""
    models.get()
    return reply_json({"ready": True})


def model_ready(models: Models, request: Request) -> Reply:
    """Say that the model that the path names is loaded."""
    return reply_json({"name": requested(models, request).name, "ready": True})


def model_metadata(models: Models, request: Request) -> Reply:
    """Describe the tensors of the model."""
    model = requested(models, request)
    return reply_json(
        {
            "name": model.name,
            "versions": [str(model.version)],
            "platform": model.platform,
            "inputs": [tensors_v2.described(tensor) for tensor in model.tensors],
            "outputs": [tensors_v2.described(tensor) for tensor in model.outputs],
        }
    )


def model_infer(models: Models, request: Request) -> Reply:
    """Predict from tensors, in JSON or after it.

    Raises:
        RequestError: 4xx if the body is not what the model takes.
    """
    model = requested(models, request)
    document, tensors, fields = tensors_v2.read(request)
    binary = wants_binary(document, model)
    prediction = predict(model, rows.from_tensors(model, tensors, fields), request)
    output: dict[str, Any] = {
        "name": model.outputs[0].name,
        "datatype": tensors_v2.datatype(prediction.values.dtype),
        "shape": prediction.values.shape,
    }
    head: dict[str, Any] = {
        "model_name": model.name,
        "model_version": str(model.version),
        "outputs": [output],
    }
    if "id" in document:
        head["id"] = document["id"]
    if not binary:
        output["data"] = prediction.values.reshape(-1)
        return prediction.reply(dump(head))
    data = tensors_v2.to_bytes(prediction.values)
    output["parameters"] = {"binary_data_size": len(data)}
    start = dump(head)
    return prediction.reply(
        start + data,
        {
            "content-type": "application/octet-stream",
            HEADER_LENGTH: str(len(start)),
        },
    )


def wants_binary(document: dict[str, Any], model: Model) -> bool:
    """Whether the output is to come as bytes: it says so, or the whole request does.

    Raises:
        RequestError: 400 if the request is for an output that there is not.
    """
    parameters = document.get("parameters") or {}
    outputs = document.get("outputs") or []
    if not isinstance(parameters, dict):
        raise RequestError(400, "must be an object", "parameters")
    if not isinstance(outputs, list):
        raise RequestError(400, "must be a list of objects", "outputs")
    binary = parameters.get("binary_data_output", False)
    for index, output in enumerate(outputs):
        field = f"outputs[{index}]"
        if not isinstance(output, dict):
            raise RequestError(400, "must be an object with a name", field)
        known = [tensor.name for tensor in model.outputs]
        if output.get("name") not in known:
            given = output.get("name")
            message = f"unknown: {given!r:.60}; there is {known[0]!r}"
            raise RequestError(400, message, f"{field}.name")
        options = output.get("parameters") or {}
        if not isinstance(options, dict) or "classification" in options:
            message = "must be an object; of its keys, only `binary_data` is supported"
            raise RequestError(400, message, f"{field}.parameters")
        binary = options.get("binary_data", binary)
    if not isinstance(binary, bool):
        raise RequestError(400, "binary data: must be true or false", "parameters")
    return binary


def requested(models: Models, request: Request) -> Model:
    """Return the model that the path names."""
    return models.get(request.path["name"], request.path.get("version"))


def refuse(error: RequestError) -> Reply:
    """Write an error as the protocol has it."""
    return reply_json({"error": str(error)}, error.status)


def endpoint(method: str, path: str, handler: Any, name: str) -> Endpoint:
    """Return an endpoint of this protocol."""
    return Endpoint(method, path, handler, f"open_inference_{name}", refuse, PROTOCOL)


MODEL = "/v2/models/{name}"
VERSION = MODEL + "/versions/{version}"
ENDPOINTS = [
    endpoint("GET", "/v2/health/live", server_live, "server_live"),
    endpoint("GET", "/v2/health/ready", server_ready, "server_ready"),
    endpoint("GET", "/v2", server_metadata, "server_metadata"),
    *(
        endpoint(method, path + suffix, handler, name)
        for method, suffix, handler, name in (
            ("POST", "/infer", model_infer, "infer"),
            ("GET", "/ready", model_ready, "model_ready"),
            ("GET", "", model_metadata, "model_metadata"),
        )
        for path in (MODEL, VERSION)
    ),
]
