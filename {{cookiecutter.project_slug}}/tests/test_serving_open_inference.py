"""The Open Inference Protocol: tensors in JSON and as bytes, of every type."""

import struct
from importlib import metadata
from typing import Any

import numpy as np
import orjson
import pytest

from {{ cookiecutter.package_name }}.serving import messages, protocols
from {{ cookiecutter.package_name }}.serving.protocols import tensors_v2

from gates import OneModel
from graphs import CLASSES, TENSORS, expected

HANDLERS = {each.name: each.handler for each in protocols.ENDPOINTS}
TEXTS = {"name": "t", "datatype": "BYTES", "shape": [2]}
OUTPUT = {"name": "probabilities"}
LENGTH = "inference-header-content-length"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> OneModel:
    """A model that is loaded once."""
    return OneModel(tmp_path_factory.mktemp("models"))


def infer(models: OneModel, document: Any, rest: bytes = b"") -> messages.Reply:
    """Ask for a prediction; with bytes after the JSON, say how long it is."""
    head = orjson.dumps(document)
    headers = {LENGTH: str(len(head))} if rest else {}
    request = messages.Request({"name": "model"}, headers, head + rest)
    return HANDLERS["open_inference_infer"](models, request)


def as_bytes(array: Any) -> bytes:
    """Return a tensor as the binary extension has it."""
    if array.dtype != object:
        return bytes(array.astype("<f4").tobytes())
    texts = [text.encode() for text in array.ravel()]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def question(binary: bool) -> tuple[dict[str, Any], bytes]:
    """Return a request for the sample, its NaN among bytes only."""
    inputs, rest = [], b""
    for name, array in TENSORS.items():
        kind = "BYTES" if array.dtype == object else "FP32"
        tensor: dict[str, Any] = {"name": name, "datatype": kind}
        tensor["shape"] = array.shape
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


def test_tensors_as_bytes_are_answered_in_json_or_in_bytes(models: OneModel) -> None:
    document, rest = question(binary=True)
    content = orjson.loads(infer(models, document, rest).body)
    (output,) = content["outputs"]
    assert (content["id"], content["model_version"]) == ("42", "1")
    assert (output["name"], output["datatype"]) == ("probabilities", "FP32")
    assert output["shape"] == [2, len(CLASSES)]
    assert close(output["data"])
    output = {**OUTPUT, "parameters": {"binary_data": True}}
    for wish in ({"outputs": [output]}, {"parameters": {"binary_data_output": True}}):
        reply = infer(models, {**document, **wish}, rest)
        assert reply.headers["content-type"] == "application/octet-stream"
        length = int(reply.headers[LENGTH])
        (output,) = orjson.loads(reply.body[:length])["outputs"]
        data = reply.body[length:]
        assert output["parameters"] == {"binary_data_size": len(data)}
        assert "data" not in output
        assert close(np.frombuffer(data, "<f4"))


@pytest.mark.parametrize("extra", [{}, {"outputs": [{"name": "probabilities"}]}])
def test_tensors_in_json_are_read_flat_and_nested(extra: Any, models: OneModel) -> None:
    document, _ = question(binary=False)
    for nested in (True, False):
        for tensor, array in zip(document["inputs"], TENSORS.values(), strict=True):
            if array.dtype != object:
                # JSON has no NaN; 40 is what the graph takes for a missing age.
                array = np.nan_to_num(array, nan=40.0)
            tensor["data"] = (array if nested else array.ravel()).tolist()
        content = orjson.loads(infer(models, {**document, **extra}).body)
        assert close(content["outputs"][0]["data"])


def read(kind: str, shape: Any, data: Any) -> Any:
    """Read one tensor from JSON."""
    tensor = {"name": "t", "datatype": kind, "shape": shape, "data": data}
    body = orjson.dumps({"inputs": [tensor]})
    return tensors_v2.read(messages.Request({}, {}, body))[1]["t"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("BOOL", [True, False]),
        ("UINT8", [0, 255]),
        ("INT8", [-128, 127]),
        ("UINT64", [0, 2**64 - 1]),
        ("INT64", [-(2**63), 2**63 - 1]),
        ("FP16", [0.5, 1]),
        ("FP32", [0.5, -1]),
        ("FP64", [0.1, 1e300]),
        ("BYTES", ["a", "ä\n"]),
    ],
)
def test_values_of_every_type_are_kept(kind: str, values: list[Any]) -> None:
    for shape, data in (([2], values), ([1, 2], [values]), ([1, 2], values)):
        array = read(kind, shape, data)
        assert array.shape == tuple(shape)
        assert array.dtype == tensors_v2.TYPES[kind]
        assert array.ravel().tolist() == values


@pytest.mark.parametrize(
    ("kind", "shape", "data", "message"),
    [
        ("FP32", [2], [1], "inputs[0].data: must have 2 numbers for its shape, has 1"),
        ("FP32", [2, 2], [[1, 2], [3]], "inputs[0].data[1]: must be a list of 2 value"),
        ("FP32", [3], [[1, 2], [], 3], "inputs[0].data[0]: must be a number, is a lis"),
        ("FP32", [1], [1e300], "inputs[0].data[0]: must be a number that fits in floa"),
        ("FP32", [1], None, "inputs[0].data: must be a list of 1 values, is null"),
        ("FP32", [1], ["1"], "inputs[0].data[0]: must be a number, is a text"),
        ("INT8", [1], [1.0], "inputs[0].data[0]: must be a whole number, is a number"),
        ("INT8", [2], [1, 128], "inputs[0].data[1]: must be from -128 to 127, is 128"),
        ("INT64", [1], [2**64 - 1], "inputs[0].data[0]: must be from -922337203685477"),
        ("BOOL", [1], [1], "inputs[0].data[0]: must be true or false, is a number"),
        ("BYTES", [1], [1], "inputs[0].data[0]: must be a text, is a number"),
        ("BF16", [1], [1], "inputs[0].datatype: must be one of BOOL, FP16, FP32"),
        ([], [1], [1], "inputs[0].datatype: must be one of"),
        ("FP32", [], [1], "inputs[0].shape: is empty"),
        ("FP32", [-1], [1], "inputs[0].shape: must be 1 to 4 whole numbers"),
        ("FP32", [1.0], [1], "inputs[0].shape: must be 1 to 4 whole numbers"),
        ("FP32", [1] * 5, [1], "inputs[0].shape: must be 1 to 4 whole numbers"),
        ("FP32", [10**18], [1], "inputs[0].data: must have 1000000000000000000 number"),
    ],
)
def test_the_wrong_value_is_named(
    kind: Any, shape: Any, data: Any, message: str
) -> None:
    with pytest.raises(messages.RequestError) as refused:
        read(kind, shape, data)
    assert str(refused.value).startswith(message)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "inputs: must be a list of rows, is null"),
        ({"inputs": [1]}, "inputs[0]: must be an object, is a number"),
        ({"inputs": [{}]}, "inputs[0].name: must be a text, is null"),
        ({"id": 1, "inputs": []}, "id: must be a text"),
        (
            {"inputs": [{**TEXTS, "parameters": 1}]},
            "inputs[0].parameters: must be an object",
        ),
    ],
)
def test_what_is_no_request_is_refused(document: Any, message: str) -> None:
    with pytest.raises(messages.RequestError) as refused:
        tensors_v2.read(messages.Request({}, {}, orjson.dumps(document)))
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("tensor", "size", "rest", "message"),
    [
        ({}, 4, b"1234", "inputs[0]: must have 8 bytes for its shape and its type, ha"),
        ({}, 9, b"12345678", "inputs[0].parameters.binary_data_size: 9, but only 8 by"),
        ({}, 8, b"123456789", "body: has 1 bytes too many at its end"),
        ({}, -1, b"1", "inputs[0].parameters.binary_data_size: must be a number of by"),
        ({}, 1.0, b"1", "inputs[0].parameters.binary_data_size: must be a number of"),
        ({"data": [1]}, 1, b"1", "inputs[0].parameters.binary_data_size: must not be"),
        (TEXTS, 3, b"\1\0\0", "inputs[0]: ends within a text"),
        (TEXTS, 5, b"\2\0\0\0a", "inputs[0]: ends within a text"),
        (TEXTS, 5, b"\1\0\0\0a", "inputs[0]: must have 2 texts, has 1"),
        (TEXTS, 5, b"\1\0\0\0\xff", "inputs[0][0]: is no UTF-8"),
    ],
)
def test_wrong_bytes_are_named(
    tensor: Any, size: Any, rest: bytes, message: str
) -> None:
    whole = {
        **{"name": "t", "datatype": "FP32", "shape": [2]},
        **tensor,
        "parameters": {"binary_data_size": size},
    }
    head = orjson.dumps({"inputs": [whole]})
    request = messages.Request({}, {LENGTH: str(len(head))}, head + rest)
    with pytest.raises(messages.RequestError) as refused:
        tensors_v2.read(request)
    assert str(refused.value).startswith(message)


def test_truth_values_as_bytes_are_read() -> None:
    tensor = {"name": "t", "datatype": "BOOL", "shape": [3]}
    head = orjson.dumps({"inputs": [{**tensor, "parameters": {"binary_data_size": 3}}]})
    request = messages.Request({}, {LENGTH: str(len(head))}, head + b"\0\1\2")
    assert tensors_v2.read(request)[1]["t"].tolist() == [False, True, True]


@pytest.mark.parametrize("length", ["", "-1", "1e1", "9999", "²"])
def test_a_wrong_length_of_the_json_is_refused(length: str) -> None:
    with pytest.raises(messages.RequestError, match=f"{LENGTH}: must be from 0 to 2"):
        tensors_v2.read(messages.Request({}, {LENGTH: length}, b"{}"))


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"parameters": 1}, "parameters: must be an object"),
        ({"parameters": {"binary_data_output": 1}}, "parameters: binary data: must be"),
        ({"outputs": 1}, "outputs: must be a list of objects"),
        ({"outputs": [1]}, "outputs[0]: must be an object with a name"),
        ({"outputs": [{"name": "x"}]}, "outputs[0].name: unknown: 'x'; there is 'prob"),
        (
            {"outputs": [{**OUTPUT, "parameters": {"classification": 1}}]},
            "outputs[0].parameters: must be an object; of its keys, only `binary_data`",
        ),
    ],
)
def test_wrong_wishes_for_the_output_are_named(
    extra: Any, message: str, models: OneModel
) -> None:
    document, rest = question(binary=True)
    with pytest.raises(messages.RequestError) as refused:
        infer(models, {**document, **extra}, rest)
    assert str(refused.value).startswith(message)


def test_a_tensor_that_is_there_twice_is_refused(models: OneModel) -> None:
    document, rest = question(binary=True)
    document["inputs"].append(document["inputs"][0])
    with pytest.raises(messages.RequestError, match="is there twice"):
        infer(models, document, rest)


def test_the_server_and_the_model_are_described(models: OneModel) -> None:
    request = messages.Request({"name": "model"}, {}, b"")

    def ask(name: str) -> Any:
        return orjson.loads(HANDLERS[f"open_inference_{name}"](models, request).body)

    server = ask("server_metadata")
    assert server["version"] == metadata.version(server["name"])
    assert server["extensions"] == ["binary_tensor_data"]
    assert ask("server_live") == {"live": True}
    assert ask("server_ready") == {"ready": True}
    assert ask("model_ready") == {"name": "model", "ready": True}
    content = ask("model_metadata")
    assert (content["name"], content["versions"]) == ("model", ["1"])
    assert [each["name"] for each in content["inputs"]] == list(TENSORS)
    assert content["outputs"] == [
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, len(CLASSES)]}
    ]
