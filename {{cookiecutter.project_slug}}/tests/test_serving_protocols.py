"""The protocols: each question in each form gets its answer in the form it expects."""

from typing import Any

import numpy as np
import orjson
import pytest
from starlette.responses import Response

from {{ cookiecutter.package_name }}.serving import (
    mlflow,
    open_inference,
    seldon,
    tensorflow_serving,
    torchserve,
)
from {{ cookiecutter.package_name }}.serving.messages import (
    Endpoint,
    Request,
    RequestError,
)
from {{ cookiecutter.package_name }}.serving.model import Model

import graphs
from graphs import CLASSES, COLUMNS, LISTS, OUTPUT_NAMES, ROWS, TENSORS, WHOLE, expected

PREDICT, INFER = "/v1/models/{name}:predict", "/v2/models/{name}/infer"
SELDON, TORCHSERVE = "/api/v1.0/predictions", "/predictions/{name}"
MLFLOW = "/invocations"
MODULES = (tensorflow_serving, open_inference, seldon, torchserve, mlflow)
ENDPOINTS = [endpoint for module in MODULES for endpoint in module.ENDPOINTS]
# A body for each address that predicts, to be spoilt in many ways.
BODIES: dict[str, Any] = {
    PREDICT: {"instances": ROWS},
    INFER: {
        "inputs": [
            {
                "name": name,
                "datatype": "BYTES" if array.dtype == object else "FP32",
                "shape": array.shape,
                "data": [None if x != x else x for x in array.ravel().tolist()],
            }
            for name, array in graphs.ASKED.items()
        ]
    },
    SELDON: {"data": {"ndarray": LISTS}},
    TORCHSERVE: ROWS,
    MLFLOW: {"dataframe_records": ROWS},
}
PREDICTING = [each for each in ENDPOINTS if each.path in BODIES]
each = pytest.mark.parametrize("endpoint", PREDICTING, ids=lambda e: e.method + e.path)


def answered(
    model: Model, endpoint: Endpoint, body: Any = b"", kind: str = "application/json"
) -> Response:
    """Have a request answered, as the application does it."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    request = Request({}, {"content-type": kind} if kind else {}, content)
    if endpoint.handler is not None:
        return endpoint.handler(model, request)
    assert endpoint.read is not None
    feeds, write = endpoint.read(model, request)
    return write(model.predict(feeds))


def ask(model: Model, path: str, body: Any = b"") -> Any:
    """Return what an address answers: to a GET if there is no body."""
    method = "GET" if body == b"" else "POST"
    (endpoint,) = [e for e in ENDPOINTS if (e.method, e.path) == (method, path)]
    return orjson.loads(answered(model, endpoint, body).body)


def close(values: Any) -> bool:
    """Whether values are those that the graph has to answer."""
    return np.allclose(np.array(values), expected(), atol=1e-6)


@pytest.mark.parametrize(
    ("path", "question", "key"),
    [
        (PREDICT, {"instances": ROWS}, "predictions"),
        (PREDICT, {"instances": LISTS}, "predictions"),
        (PREDICT.replace(":", "/versions/{version}:"), {"inputs": COLUMNS}, "outputs"),
        (
            PREDICT,
            {"instances": ROWS, "signature_name": "serving_default"},
            "predictions",
        ),
        (MLFLOW, {"dataframe_records": ROWS}, "predictions"),
        (
            MLFLOW,
            {"dataframe_split": {"columns": list(TENSORS), "data": LISTS}},
            "predictions",
        ),
        (MLFLOW, {"instances": LISTS}, "predictions"),
        (MLFLOW, {"inputs": COLUMNS}, "predictions"),
        (MLFLOW, {"inputs": ROWS}, "predictions"),
    ],
)
def test_rows_and_columns_are_answered_with_all_outputs(
    path: str, question: Any, key: str, model: Model
) -> None:
    content = ask(model, path, question)
    assert content.keys() == {key}
    assert close(content[key])


@pytest.mark.parametrize("path", [each.path for each in seldon.ENDPOINTS])
@pytest.mark.parametrize("form", ["ndarray", "tensor"])
def test_seldon_answers_in_the_form_of_the_question(
    form: str, path: str, model: Model
) -> None:
    data: Any = LISTS
    if form == "tensor":
        if WHOLE is None:
            pytest.skip("numbers and texts are no one tensor")
        data = {"shape": WHOLE.shape, "values": WHOLE.ravel().tolist()}
    content = ask(model, path, {"data": {form: data}, "meta": {"puid": "abc"}})
    assert content["data"]["names"] == list(OUTPUT_NAMES)
    answer = content["data"][form]
    if form == "tensor":
        answer = np.reshape(answer["values"], answer["shape"])
    assert close(answer)
    assert content["meta"] == {"puid": "abc", "requestPath": {"model": "1"}}


def test_torchserve_names_the_classes(model: Model) -> None:
    many = ask(model, TORCHSERVE, ROWS)
    assert close([[row[name] for name in CLASSES] for row in many])
    assert all(list(row.values()) == sorted(row.values(), reverse=True) for row in many)
    one = pytest.approx(many[0], abs=1e-6)
    for question, answer in (
        ({"instances": ROWS}, {"predictions": many}),
        ({"data": ROWS}, many),
        (LISTS, many),
        (ROWS[0], one),
        ({"data": ROWS[0]}, one),
        (LISTS[0], one),
    ):
        assert ask(model, TORCHSERVE + "/{version}", question) == answer
    assert ask(model, "/ping") == {"status": "Healthy"}


def test_tensorflow_serving_describes_the_model(model: Model) -> None:
    (version,) = ask(model, "/v1/models/{name}")["model_version_status"]
    assert (version["version"], version["state"]) == ("1", "AVAILABLE")
    assert version["status"]["error_code"] == "OK"
    content = ask(model, "/v1/models/{name}/metadata")
    assert content["model_spec"]["name"] == "model"
    signature = content["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["inputs"].keys() == TENSORS.keys()
    sizes = signature["outputs"]["probabilities"]["tensor_shape"]["dim"]
    assert [each["size"] for each in sizes] == ["-1", str(len(CLASSES))]


@pytest.mark.parametrize(
    ("path", "document", "problem"),
    [
        (PREDICT, {"instances": ROWS, "signature_name": "other"}, "signature_name: mu"),
        (PREDICT, {"instances": ROWS, "inputs": COLUMNS}, "body: must have one of ins"),
        (PREDICT, {"instance": ROWS}, "body: must have one of instances, inputs"),
        (PREDICT, {"instances": []}, "instances: is empty"),
        (PREDICT, {"instances": 1}, "instances: must be a list"),
        (PREDICT, {"instances": [{"b64": "MQ=="}]}, "instances[0]: unknown: 'b64'"),
        (PREDICT, [1], "body: must be an object"),
        (SELDON, {}, "data: Field required"),
        (SELDON, {"strData": "a"}, "data: Field required"),
        (SELDON, {"data": 1}, "data: must be an object"),
        (SELDON, {"data": {}}, "data: must have one of ndarray, tensor"),
        (
            SELDON,
            {"data": {"ndarray": LISTS, "tensor": {"shape": [1], "values": [1]}}},
            "data: must have one of ndarray, tensor",
        ),
        (SELDON, {"data": {"ndarray": LISTS, "names": [1]}}, "data.names[0]: must be"),
        (SELDON, {"data": {"tensor": {"shape": [2]}}}, "data.tensor.values: Field req"),
        (
            SELDON,
            {"data": {"tensor": {"shape": [0, 8], "values": []}}},
            "data.tensor.shape[0]: must be greater than 0",
        ),
        (
            SELDON,
            {"data": {"tensor": {"shape": [1, 2], "values": [1]}}},
            "data.tensor.values: must be a list of 2 values, has 1",
        ),
        (SELDON, {"data": {"tensor": {"shape": [1], "values": [1]}}}, "data.tensor.va"),
        (MLFLOW, {"inputs": COLUMNS, "instances": ROWS}, "body: must have one of data"),
        (MLFLOW, {"dataframe_split": {"data": ROWS}}, "dataframe_split.columns: Field"),
        (
            MLFLOW,
            {"dataframe_split": {"columns": ["a"], "data": []}},
            "dataframe_split.data: is empty",
        ),
        (MLFLOW, {"inputs": 1}, "inputs: must be "),
    ],
)
def test_what_is_wrong_is_named(
    path: str, document: Any, problem: str, model: Model
) -> None:
    with pytest.raises(RequestError) as refused:
        ask(model, path, document)
    assert str(refused.value).startswith(problem)
    assert refused.value.status == 400


@each
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b'{"instances": [NaN]}', "body"),
        (b'{"instances": [Infinity]}', "body"),
        (b'{"instances": [1e999]}', "body"),
        (b'"\xff"', "body"),
        (b"[" * 50_000, "body"),
        (b"null", None),
        (b"{}", None),
        (b"[]", None),
        (b"[1, [2]]", None),
    ],
)
def test_what_is_no_request_is_refused(
    endpoint: Endpoint, body: bytes, field: str | None, model: Model
) -> None:
    with pytest.raises(RequestError) as refused:
        answered(model, endpoint, body)
    assert refused.value.status == 400
    assert refused.value.field == (field or refused.value.field) is not None


@each
def test_types_of_a_body(endpoint: Endpoint, model: Model) -> None:
    body = BODIES[endpoint.path]
    for kind in ("", "application/x-www-form-urlencoded", "application/json; a=b"):
        assert answered(model, endpoint, body, kind).status_code == 200
    for kind in ("text/xml", "multipart/form-data"):
        with pytest.raises(RequestError, match="^content-type") as refused:
            answered(model, endpoint, body, kind)
        assert refused.value.status == 415


@each
def test_no_damaged_body_is_an_error_of_the_server(
    endpoint: Endpoint, model: Model
) -> None:
    whole = orjson.dumps(BODIES[endpoint.path])
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        body = bytearray(whole)
        for place in random.integers(0, len(body), random.integers(1, 4)):
            body[place] = random.choice(list(b'[]{}",:0-9eEtfn\\\xff\x00'))
        try:
            assert answered(model, endpoint, bytes(body)).status_code == 200
        except RequestError as error:
            assert 400 <= error.status < 500
            assert error.field
            # Either would keep the body for as long as the error is kept.
            assert error.__context__ is error.__cause__ is None
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.method + e.path)
def test_each_protocol_writes_errors_its_own_way(endpoint: Endpoint) -> None:
    reply = endpoint.refuse(RequestError(404, "unknown model", "name"))
    assert reply.status_code == 404
    content = orjson.loads(reply.body)
    text = content.get("error") or content.get("message") or content["status"]["info"]
    assert text == "name: unknown model"
