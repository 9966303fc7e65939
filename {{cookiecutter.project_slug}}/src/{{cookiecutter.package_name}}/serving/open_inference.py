"""The Open Inference Protocol, version 2, over HTTP; tensors in JSON or as bytes.

https://github.com/kserve/open-inference-protocol/tree/main/specification/protocol is
what it says, of REST and, for bytes after the JSON, of its binary data extension.
"""

import math
from functools import lru_cache, partial
from importlib import metadata
from typing import Any

import numpy as np
from pydantic import BaseModel, Field, NonNegativeInt
from starlette.responses import Response

from . import rows, values
from .messages import (
    TEXT,
    Array,
    Asked,
    Endpoint,
    Request,
    RequestError,
    dump,
    refuse,
    reply_json,
)
from .model import Model, Tensor

HEADER_LENGTH = "inference-header-content-length"
SHORT = 1024  # bytes, of what is remembered
BINARY = "application/octet-stream"
# Bytes are little-endian, as they are on x86 and ARM. BF16 is missing: NumPy has none.
TYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    **{f"FP{8 * size}": np.dtype(f"f{size}") for size in (2, 4, 8)},
    **{f"INT{8 * size}": np.dtype(f"i{size}") for size in (1, 2, 4, 8)},
    **{f"UINT{8 * size}": np.dtype(f"u{size}") for size in (1, 2, 4, 8)},
    "BYTES": TEXT,
}
NAMES = {dtype: name for name, dtype in TYPES.items()}
SERVER = "{{ cookiecutter.project_slug }}"
# What JSON has for NumPy's kinds; a number is one, of whatever type it is said to be.
# Where a null may be, the model's own rules say.
NULL = type(None)
KINDS: dict[str, values.Kind] = {
    "b": ({bool, NULL}, "true or false"),
    "O": ({str, NULL}, "a text"),
    "": ({*values.NUMBER[0], NULL}, values.NUMBER[1]),
}


class Parameters(BaseModel, strict=True):
    """Of a request, an input or an output; others than these have no effect."""

    binary_data_size: NonNegativeInt | None = None
    binary_data: bool | None = None
    binary_data_output: bool | None = None
    classification: None = None  # not offered


class Output(BaseModel, strict=True):
    """A tensor that is asked for."""

    name: str
    parameters: Parameters | None = None


class Input(Output, strict=True):
    """A tensor of a request."""

    datatype: str = Field(pattern=f"^({'|'.join(TYPES)})$")
    shape: values.Shape
    data: Any = None


class Question(BaseModel, strict=True):
    """A request; the JSON of it."""

    id: str | None = None
    inputs: list[Input] = Field(min_length=1, fail_fast=True)
    outputs: list[Output] | None = Field(None, fail_fast=True)
    parameters: Parameters | None = None


NONE = Parameters()


def infer(model: Model, request: Request) -> Asked:
    """Predict from tensors, in JSON or after it."""
    rest = memoryview(b"")
    if HEADER_LENGTH in request.headers:  # then any type of the body will do
        head, rest = split(request)
        values.require_size(model, head, request.most_rows)
        question = (remembered if len(head) <= SHORT else read_head)(head)
    else:
        document = values.read_json(model, request, "inputs", 0, "data", flat=True)
        question = values.validated(Question, document)
    binary = wants_binary(question, model)
    feeds = rows.from_tensors(model, *read_tensors(question, rest))
    return feeds, partial(write, model, question.id, binary)


def write(model: Model, name: str | None, binary: bool, outputs: Array) -> Response:
    """Answer a request, by its id, with one tensor in JSON or after it."""
    output: dict[str, Any] = {"name": model.outputs[0].name, "shape": outputs.shape}
    output["datatype"] = NAMES[outputs.dtype]
    content: dict[str, Any] = {"model_name": model.name, "outputs": [output]}
    content["model_version"] = str(model.version)
    if name is not None:
        content["id"] = name
    if not binary:
        output["data"] = outputs.reshape(-1)
        return reply_json(content)
    output["parameters"] = {"binary_data_size": outputs.nbytes}
    head = dump(content)
    headers = {HEADER_LENGTH: str(len(head)), "content-type": BINARY}
    return Response(head + outputs.tobytes(), headers=headers)


def read_head(head: bytes) -> Question:
    """Read the JSON that is before the tensors."""
    return values.validated(Question, values.parse(head))


# A client says the same of all its tensors of a shape.
remembered = lru_cache(maxsize=256)(read_head)


def split(request: Request) -> tuple[bytes, memoryview]:
    """Return the JSON of a body, and the bytes after it, not copied."""
    text, most = request.headers[HEADER_LENGTH], len(request.body)
    length = int(text) if text.isdecimal() and len(text) < 19 else -1
    if not 0 <= length <= most:
        message = f"must be from 0 to {most}, the body's, is {text!r:.60}"
        raise RequestError(400, message, HEADER_LENGTH)
    return request.body[:length], memoryview(request.body)[length:]


def read_tensors(
    question: Question, rest: memoryview
) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the tensors of a request by name; and where each one was, for errors."""
    arrays: dict[str, Array] = {}
    fields: dict[str, str] = {}
    for index, tensor in enumerate(question.inputs):
        name, field, dtype = tensor.name, f"inputs[{index}]", TYPES[tensor.datatype]
        if name in arrays:
            raise RequestError(400, f"{name!r:.60} is there twice", f"{field}.name")
        size = (tensor.parameters or NONE).binary_data_size
        if size is None:
            field = f"{field}.data"
            array = from_json(tensor.data, dtype, tensor.shape, field)
        else:
            array = from_bytes(rest[:size], dtype, math.prod(tensor.shape), field)
            rest = rest[size:]
        arrays[name], fields[name] = array.reshape(tensor.shape), field
    if rest:
        raise RequestError(400, f"has {len(rest)} bytes too many at its end", "body")
    return arrays, fields


def from_json(value: Any, dtype: np.dtype[Any], shape: list[int], field: str) -> Array:
    """Turn data, one list or lists in lists, or float64 (n,), into an array."""
    count = math.prod(shape)
    if isinstance(value, np.ndarray):
        if len(value) == count and dtype.kind not in KINDS:
            return value
        value = value.tolist()  # to say what is wrong
    nested = isinstance(value, list) and value and isinstance(value[0], list)
    kind = KINDS.get(dtype.kind, KINDS[""])
    value = values.flattened(value, shape if nested else [count], field, kind)
    array = np.array(value, object if dtype.kind in KINDS else np.float64)
    return array.astype(dtype) if dtype.kind == "b" and None not in array else array


def from_bytes(data: memoryview, dtype: np.dtype[Any], count: int, field: str) -> Array:
    """Turn all the bytes of a tensor into an array; numbers are not copied."""
    if dtype == TEXT:
        return np.array(texts(data, count, field), dtype)
    if len(data) != count * dtype.itemsize:
        wanted = f"{count * dtype.itemsize} bytes for its shape and its type"
        raise RequestError(400, f"must have {wanted}, has {len(data)}", field)
    return np.frombuffer(data, dtype)


def texts(data: memoryview, count: int, field: str) -> list[str]:
    """Read texts, each of them in UTF-8 after its length."""
    found: list[str] = []
    while len(data) >= 4:
        end = 4 + int.from_bytes(data[:4], "little")
        if end > len(data):
            break
        found.append(str(data[4:end], "utf-8", "replace"))
        data = data[end:]
    if data or len(found) != count or any("\ufffd" in text for text in found):
        message = f"must be {count} texts in UTF-8, each after its length"
        raise RequestError(400, message, field)
    return found


def wants_binary(question: Question, model: Model) -> bool:
    """Whether the output is to come as bytes: it says so, or the whole request does."""
    binary = (question.parameters or NONE).binary_data_output
    known = model.outputs[0].name
    for index, output in enumerate(question.outputs or []):
        if output.name != known:
            message = f"unknown: {output.name!r:.60}; there is {known!r}"
            raise RequestError(400, message, f"outputs[{index}].name")
        own = (output.parameters or NONE).binary_data
        binary = binary if own is None else own
    return bool(binary)


def server(model: Model, request: Request) -> Response:
    """Describe the server."""
    about = {"name": SERVER, "version": metadata.version(SERVER)}
    return reply_json({**about, "extensions": ["binary_tensor_data"]})


def ready(model: Model, request: Request) -> Response:
    """Say that the process answers, and that the model is loaded."""
    return reply_json({"name": model.name, "live": True, "ready": True})


def model_metadata(model: Model, request: Request) -> Response:
    """Describe the tensors of the model."""
    content = {
        "name": model.name,
        "versions": [str(model.version)],
        "platform": model.platform,
        "inputs": [described(tensor) for tensor in model.tensors],
        "outputs": [described(tensor) for tensor in model.outputs],
    }
    return reply_json(content)


def described(tensor: Tensor) -> dict[str, Any]:
    """Describe an input or an output of a model, and from where to where values are."""
    content: dict[str, Any] = {"name": tensor.name, "shape": tensor.shape}
    content["datatype"] = NAMES[rows.asked(tensor)]
    limits = {end: getattr(tensor.limits, end, None) for end in ("minimum", "maximum")}
    if known := {end: limit for end, limit in limits.items() if limit is not None}:
        content["parameters"] = known
    return content


SERVERS, MODELS = ["/v2"], ["/v2/models/{name}", "/v2/models/{name}/versions/{version}"]
ENDPOINTS = [
    Endpoint(method, path + at, f"open_inference_{name}", refuse, handler, read, probe)
    for method, paths, at, name, handler, read, probe in (
        ("GET", SERVERS, "/health/live", "server_live", ready, None, "alive"),
        ("GET", SERVERS, "/health/ready", "server_ready", ready, None, "ready"),
        ("GET", SERVERS, "", "server_metadata", server, None, ""),
        ("POST", MODELS, "/infer", "infer", None, infer, ""),
        ("GET", MODELS, "/ready", "model_ready", ready, None, "ready"),
        ("GET", MODELS, "", "model_metadata", model_metadata, None, ""),
    )
    for path in paths
]
