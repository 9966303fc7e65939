"""The Open Inference Protocol: tensors in JSON and as bytes, of every type."""

import struct
from importlib import metadata
from typing import Any

import numpy as np
import orjson
import pytest
from starlette.responses import Response

from {{ cookiecutter.package_name }}.serving import (
    open_inference,
    rows,
    values,
)
from {{ cookiecutter.package_name }}.serving.messages import (
    Request,
    RequestError,
)
from {{ cookiecutter.package_name }}.serving.model import Model

from graphs import ASKED, CLASSES, expected

ENDPOINTS = {each.name: each for each in open_inference.ENDPOINTS}
TENSOR = {"name": "t", "datatype": "FP32", "shape": [2]}
TEXTS = {"name": "t", "datatype": "BYTES", "shape": [2]}
OUTPUT = {"name": "probabilities"}
LENGTH = "inference-header-content-length"


def request(document: Any, rest: bytes = b"") -> Request:
    """Return a request; with bytes after the JSON, it says how long that is."""
    head = orjson.dumps(document)
    return Request({}, {LENGTH: str(len(head))} if rest else {}, head + rest)


def infer(model: Model, document: Any, rest: bytes = b"") -> Response:
    """Ask for a prediction."""
    feeds, write = open_inference.infer(model, request(document, rest))
    return write(model.predict(feeds))


def as_bytes(array: Any) -> bytes:
    """Return a tensor as the binary extension has it."""
    if array.dtype != object:
        return bytes(array.astype("<f4").tobytes())
    texts = [text.encode() for text in array.ravel()]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def question(binary: bool) -> tuple[dict[str, Any], bytes]:
    """Return a request for the sample, its NaN among bytes only."""
    inputs, rest = [], b""
    for name, array in ASKED.items():
        kind = "BYTES" if array.dtype == object else "FP32"
        tensor: dict[str, Any] = {"name": name, "datatype": kind, "shape": array.shape}
        if binary:
            part = as_bytes(array)
            tensor["parameters"] = {"binary_data_size": len(part)}
            rest += part
        else:
            tensor["data"] = array.ravel().tolist()
        inputs.append(tensor)
    return {"id": "42", "inputs": inputs}, rest


def close(values: Any) -> bool:
    """Whether values are those that the graph has to answer."""
    return np.allclose(np.reshape(values, expected().shape), expected(), atol=1e-6)


def test_tensors_as_bytes_are_answered_in_json_or_in_bytes(model: Model) -> None:
    document, rest = question(binary=True)
    content = orjson.loads(infer(model, document, rest).body)
    (output,) = content["outputs"]
    assert (content["id"], content["model_version"]) == ("42", "1")
    assert (output["name"], output["datatype"]) == ("probabilities", "FP32")
    assert output["shape"] == [2, len(CLASSES)]
    assert close(output["data"])
    output = {**OUTPUT, "parameters": {"binary_data": True}}
    for wish in ({"outputs": [output]}, {"parameters": {"binary_data_output": True}}):
        reply = infer(model, {**document, **wish}, rest)
        assert reply.headers["content-type"] == "application/octet-stream"
        length = int(reply.headers[LENGTH])
        (output,) = orjson.loads(reply.body[:length])["outputs"]
        data = reply.body[length:]
        assert output["parameters"] == {"binary_data_size": len(data)}
        assert "data" not in output
        assert close(np.frombuffer(data, "<f4"))


@pytest.mark.parametrize("extra", [{}, {"outputs": [OUTPUT]}, {"parameters": None}])
def test_tensors_in_json_are_read_flat_and_nested(extra: Any, model: Model) -> None:
    document, _ = question(binary=False)
    for nested in (True, False):
        for tensor, array in zip(document["inputs"], ASKED.values(), strict=True):
            array = array.astype(object)
            array[array != array] = None  # JSON has no NaN
            tensor["data"] = (array if nested else array.ravel()).tolist()
        content = orjson.loads(infer(model, {**document, **extra}).body)
        assert close(content["outputs"][0]["data"])


def read(model: Model, document: Any, rest: bytes = b"") -> Any:
    """Read a request's only tensor, whatever the model takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "from_tensors", lambda model, tensors, fields: tensors)
        return open_inference.infer(model, request(document, rest))[0]["t"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("BOOL", [True, False]),
        ("BOOL", [True, None]),
        ("UINT8", [0, 255]),
        ("INT64", [-(2**53), 2**53]),
        ("FP16", [0.5, 1]),
        ("FP32", [0.5, -1]),
        ("FP64", [0.1, 1e300]),
        ("BYTES", ["a", "ä\n"]),
        ("BYTES", ["a", None]),
    ],
)
def test_values_of_every_type_are_kept(
    kind: str, values: list[Any], model: Model
) -> None:
    for shape, data in (([2], values), ([1, 2], [values]), ([1, 2], values)):
        tensor = {"name": "t", "datatype": kind, "shape": shape, "data": data}
        array = read(model, {"inputs": [tensor]})
        assert array.shape == tuple(shape)
        assert array.ravel().tolist() == values


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": [1]}, ".data: must be a list of 2 values, has 1; the shape"),
        ({"shape": [2, 2], "data": [[1, 2], [3]]}, ".data[1]: must be a list of 2 val"),
        ({"shape": [3], "data": [[1, 2], [], 3]}, ".data[0]: must be a number, is a l"),
        ({"data": None}, ".data: must be a list of 2 values, is null"),
        ({"data": [1, "1"]}, ".data[1]: must be a number, is a text"),
        ({"datatype": "BOOL", "data": [True, 1]}, ".data[1]: must be true or false, i"),
        ({"datatype": "BYTES", "data": ["", 1]}, ".data[1]: must be a text, is a numb"),
        ({"datatype": "BF16", "data": [1, 2]}, ".datatype: String should match patt"),
        ({"datatype": [], "data": [1, 2]}, ".datatype: must be a valid string"),
        ({"shape": []}, ".shape: List should have at least 1 item"),
        ({"shape": [1] * 5}, ".shape: List should have at most 4 items"),
        ({"shape": [-1]}, ".shape[0]: must be greater than 0"),
        ({"shape": [1.0]}, ".shape[0]: must be a valid integer"),
        ({"shape": [10**18], "data": [1]}, ".data: must be a list of 1000000"),
        ({"parameters": 1}, ".parameters: must be an object"),
        ({"name": None}, ".name: must be a valid string"),
    ],
)
def test_the_wrong_value_is_named(change: Any, message: str, model: Model) -> None:
    with pytest.raises(RequestError) as refused:
        read(model, {"inputs": [{**TENSOR, **change}]})
    assert str(refused.value).startswith(f"inputs[0]{message}")
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("tensor", "size", "rest", "message"),
    [
        (TENSOR, 4, b"1234", "inputs[0]: must have 8 bytes for its shape and its type"),
        (TENSOR, 9, b"1234567", "inputs[0]: must have 8 bytes for its shape"),
        (TENSOR, 8, b"123456789", "body: has 1 bytes too many at its end"),
        (TENSOR, -1, b"1", "inputs[0].parameters.binary_data_size: must be greater"),
        (TENSOR, 1.0, b"1", "inputs[0].parameters.binary_data_size: must be a valid i"),
        (TEXTS, 3, b"\1\0\0", "inputs[0]: must be 2 texts in UTF-8, each after"),
        (TEXTS, 5, b"\2\0\0\0a", "inputs[0]: must be 2 texts in UTF-8, each after"),
        (TEXTS, 5, b"\1\0\0\0a", "inputs[0]: must be 2 texts in UTF-8, each after"),
        (TEXTS, 5, b"\1\0\0\0\xff", "inputs[0]: must be 2 texts in UTF-8, each after"),
    ],
)
def test_wrong_bytes_are_named(
    tensor: Any, size: Any, rest: bytes, message: str, model: Model
) -> None:
    whole = {**tensor, "parameters": {"binary_data_size": size}}
    with pytest.raises(RequestError) as refused:
        read(model, {"inputs": [whole]}, rest)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("kind", "data", "values"),
    [
        ("BOOL", b"\0\1\2", [False, True, True]),
        ("INT8", b"\0\1\xff", [0, 1, -1]),
        ("UINT16", b"\0\0\1\0\0\1", [0, 1, 256]),
        ("FP16", b"\0\0\0\x3c\0\xc0", [0, 1, -2]),
        ("BYTES", b"\0\0\0\0\1\0\0\0a\2\0\0\0\xc3\xa4", ["", "a", "ä"]),
    ],
)
def test_bytes_of_every_type_are_read(
    kind: str, data: bytes, values: Any, model: Model
) -> None:
    tensor: Any = {"name": "t", "datatype": kind, "shape": [3]}
    tensor["parameters"] = {"binary_data_size": len(data)}
    assert read(model, {"inputs": [tensor]}, data).tolist() == values


@pytest.mark.parametrize("length", ["", "-1", "1e1", "9999", "²", "9" * 5000])
def test_a_wrong_length_of_the_json_is_refused(length: str, model: Model) -> None:
    with pytest.raises(RequestError, match=f"{LENGTH}: must be from 0 to 2"):
        open_inference.infer(model, Request({}, {LENGTH: length}, b"{}"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": None}, "inputs: must be a valid list"),
        ({"inputs": []}, "inputs: List should have at least 1 item"),
        ({"inputs": [1]}, "inputs[0]: must be an object"),
        ({"inputs": [{}]}, "inputs[0].name: Field required"),
        ({"inputs": [TENSOR]}, "inputs[0].data: must be a list of 2 values, is null"),
        ({"inputs": [{**TENSOR, "data": [1, 2]}] * 2}, "inputs[1].name: 't' is there"),
        ({"id": 1}, "id: must be a valid string"),
        ({"parameters": 1}, "parameters: must be an object"),
        ({"parameters": {"binary_data_output": 1}}, "parameters.binary_data_output: m"),
        ({"outputs": 1}, "outputs: must be a valid list"),
        ({"outputs": [1]}, "outputs[0]: must be an object"),
        ({"outputs": [{"name": "x"}]}, "outputs[0].name: unknown: 'x'; there is 'prob"),
        (
            {"outputs": [{**OUTPUT, "parameters": {"classification": 1}}]},
            "outputs[0].parameters.classification: must be None",
        ),
    ],
)
def test_wrong_parts_of_a_request_are_named(
    change: Any, message: str, model: Model
) -> None:
    document, rest = question(binary=True)
    with pytest.raises(RequestError) as refused:
        infer(model, {**document, **change}, rest)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    "body",
    [
        b'{"inputs": [{"name": "t", "datatype": "FP32", "shape": [2], "data": [1]}]}',
        b'{"id": "x", "inputs": [{"datatype": "FP64", "data" : [ 1e3,-2.5 ]}]}',
        b'{"id": "data", "inputs": [{"datatype": "FP64", "data": [1e3]}]}',
        b'{"inputs": [{"datatype": "FP32", "data": [[1], [2]]}]}',
        b'{"inputs": [{"datatype": "FP32", "data": [1, "]"]}]}',
        b'{"inputs": [{"datatype": "FP32", "data": [true]}]}',
        b'{"inputs": [{"datatype": "FP32", "data": []}]}',
        b'{"inputs": [{"datatype": "FP32", "data": [1], "data": [2]}]}',
        b'{"parameters": {"data": [1]}, "inputs": [{"datatype": "FP32", "data": [2]}]}',
        b'{"parameters": {"data": [1]}, "inputs": [{"datatype":"FP32", "data": null}]}',
        b'{"x\\"data": [1], "inputs": [{"datatype": "FP32", "data": null}]}',
        b'{"x\\"data": [1], "inputs": [{"datatype": "FP32", "d\\u0061ta": []}]}',
        b'{"inputs": [{"datatype": "FP32", "data": [1,]}]}',
        b'{"inputs": [{"datatype": "FP32", "data": [1]}, {"datatype": "FP32"}]}',
    ],
)
def test_quick_and_exact_reading_agree(body: bytes) -> None:
    quick = values.with_array(body, (), ("inputs", 0, "data"))
    if body.startswith((b'{"inputs": [{"name": "t"', b'{"id": "x"')):
        assert quick is not None
    if quick is not None:
        data = quick["inputs"][0]["data"]
        quick["inputs"][0]["data"] = data.tolist()
        assert quick == orjson.loads(body)


def test_what_is_remembered_of_a_client_is_only_what_it_says(model: Model) -> None:
    document, rest = question(binary=True)
    for name in ("1", "2", "1"):
        reply = orjson.loads(infer(model, {**document, "id": name}, rest).body)
        assert reply["id"] == name
        with pytest.raises(RequestError, match="bytes too many at its end"):
            infer(model, {**document, "id": name}, rest + b"x")


def test_the_server_and_the_model_are_described(model: Model) -> None:
    def ask(name: str) -> Any:
        handler = ENDPOINTS[f"open_inference_{name}"].handler
        assert handler is not None
        return orjson.loads(handler(model, Request({}, {})).body)

    server = ask("server_metadata")
    assert server["version"] == metadata.version(server["name"])
    assert server["extensions"] == ["binary_tensor_data"]
    assert ask("server_live")["live"] and ask("server_ready")["ready"]
    assert ask("model_ready") == {"name": "model", "live": True, "ready": True}
    content = ask("model_metadata")
    assert (content["name"], content["versions"]) == ("model", ["1"])
    assert [each["name"] for each in content["inputs"]] == list(ASKED)
    first = model.inputs.limits[model.tensors[0].name]
    limits = {"minimum": first.minimum, "maximum": first.maximum}
    assert content["inputs"][0]["parameters"] == limits
    for each, array in zip(content["inputs"], ASKED.values(), strict=True):
        assert (each["datatype"] == "BYTES") == (array.dtype == object)
    assert content["outputs"] == [
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, len(CLASSES)]}
    ]
