"""The protocols: each question in each form gets its answer in the form it expects."""

import base64
from typing import Any

import numpy as np
import orjson
import pytest

from {{ cookiecutter.package_name }}.serving import messages
from {{ cookiecutter.package_name }}.serving.protocols import ENDPOINTS

from gates import OneModel
from graphs import (
    CLASSES,
    COLUMNS,
    LISTS,
    OUTPUT_NAMES,
    ROWS,
    TENSORS,
    WHOLE,
    expected,
)

PREDICT = "/v1/models/{name}:predict"
SELDON = "/api/v1.0/predictions"
TORCHSERVE = "/predictions/{name}"
# A body for each address that predicts, to be spoilt in many ways.
BODIES: dict[str, Any] = {
    PREDICT: {"instances": ROWS},
    "/v2/models/{name}/infer": {
        "inputs": [
            {
                "name": name,
                "datatype": "BYTES" if array.dtype == object else "FP32",
                "shape": array.shape,
                # JSON has no NaN, so the missing age becomes a number.
                "data": [20 if x != x else x for x in array.ravel().tolist()],
            }
            for name, array in TENSORS.items()
        ]
    },
    SELDON: {"data": {"ndarray": LISTS}},
    TORCHSERVE: ROWS,
}
PREDICTING = [each for each in ENDPOINTS if each.path in BODIES]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> OneModel:
    """A model that is loaded once."""
    return OneModel(tmp_path_factory.mktemp("models"))


def send(
    models: OneModel,
    path: str,
    body: Any = None,
    method: str = "POST",
    content_type: str = "application/json",
    max_rows: int | None = None,
    version: str = "1",
) -> messages.Reply:
    """Have a request answered by the endpoint that its path names."""
    (endpoint,) = [e for e in ENDPOINTS if (e.method, e.path) == (method, path)]
    parts = {"name": "model", "version": version}
    parts = {key: part for key, part in parts.items() if "{" + key + "}" in path}
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    headers = {"content-type": content_type} if content_type else {}
    return endpoint.handler(models, messages.Request(parts, headers, content, max_rows))


def close(values: Any) -> bool:
    """Whether values are those that the graph has to answer."""
    return np.allclose(np.array(values), expected(), atol=1e-6)


@pytest.mark.parametrize("version", ["", "/versions/{version}"])
@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ({"instances": ROWS}, "predictions"),
        ({"instances": ROWS, "signature_name": "serving_default"}, "predictions"),
        ({"inputs": COLUMNS}, "outputs"),
    ],
)
def test_tensorflow_serving_predicts(
    question: Any, answer: str, version: str, models: OneModel
) -> None:
    path = PREDICT.replace(":", f"{version}:")
    reply = send(models, path, question, version="1")
    content = orjson.loads(reply.body)
    assert content.keys() == {answer}
    assert close(content[answer])
    assert (reply.status, reply.rows, reply.version) == (200, 2, 1)
    assert sum(reply.classes.values()) == 2


def test_tensorflow_serving_describes_the_model(models: OneModel) -> None:
    reply = send(models, "/v1/models/{name}", method="GET")
    (version,) = orjson.loads(reply.body)["model_version_status"]
    assert (version["version"], version["state"]) == ("1", "AVAILABLE")
    assert version["status"]["error_code"] == "OK"
    reply = send(models, "/v1/models/{name}/metadata", method="GET")
    content = orjson.loads(reply.body)
    assert content["model_spec"]["name"] == "model"
    signature = content["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["inputs"].keys() == TENSORS.keys()
    sizes = signature["outputs"]["probabilities"]["tensor_shape"]["dim"]
    assert [each["size"] for each in sizes] == ["-1", str(len(CLASSES))]


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"instances": ROWS, "signature_name": "other"}, "signature_name"),
        ({"instances": ROWS, "inputs": COLUMNS}, "either `instances` or `inputs`"),
        ({"instance": ROWS}, "either `instances` or `inputs`"),
        ({"instances": []}, "instances: is empty"),
        ({"instances": 1}, "instances: must be a list"),
        ({"instances": [{"b64": base64.b64encode(b"1").decode()}]}, "unknown: 'b64'"),
        ([1], "body: must be an object"),
    ],
)
def test_tensorflow_serving_says_what_is_wrong(
    document: Any, field: str, models: OneModel
) -> None:
    with pytest.raises(messages.RequestError) as refused:
        send(models, PREDICT, document)
    assert field in str(refused.value)
    assert refused.value.status == 400


@pytest.mark.parametrize("form", ["ndarray", "tensor"])
def test_seldon_answers_in_the_form_of_the_question(
    form: str, models: OneModel
) -> None:
    data: Any = LISTS
    if form == "tensor":
        if WHOLE is None:
            pytest.skip("numbers and texts are no one tensor")
        data = {"shape": WHOLE.shape, "values": WHOLE.ravel().tolist()}
    reply = send(models, SELDON, {"data": {form: data}, "meta": {"puid": "abc"}})
    content = orjson.loads(reply.body)
    assert content["data"]["names"] == list(OUTPUT_NAMES)
    answer = content["data"][form]
    if form == "tensor":
        answer = np.reshape(answer["values"], answer["shape"])
    assert close(answer)
    assert content["meta"] == {"puid": "abc", "requestPath": {"model": "1"}}


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "data"),
        ({"data": {"ndarray": LISTS, "tensor": {}}}, "data"),
        ({"data": {"ndarray": LISTS, "names": [1]}}, "data.names"),
        ({"data": {"tensor": {"shape": [2]}}}, "data.tensor"),
        ({"data": {"tensor": {"shape": [0, 8, 8], "values": []}}}, "data.tensor.shape"),
        ({"data": {"tensor": {"shape": [1, 2], "values": [1]}}}, "data.tensor.values"),
        ({"data": {"tensor": {"shape": [1], "values": [1]}}}, "data.tensor.values"),
        ({"strData": "a"}, "data"),
    ],
)
def test_seldon_says_what_is_wrong(document: Any, field: str, models: OneModel) -> None:
    with pytest.raises(messages.RequestError, match="must") as refused:
        send(models, SELDON, document)
    assert (refused.value.status, refused.value.field) == (400, field)


def test_torchserve_names_the_classes(models: OneModel) -> None:
    many = orjson.loads(send(models, TORCHSERVE, ROWS).body)
    assert close([[row[name] for name in CLASSES] for row in many])
    assert all(list(row.values()) == sorted(row.values(), reverse=True) for row in many)
    instances = send(models, TORCHSERVE, {"instances": ROWS}, method="PUT")
    assert orjson.loads(instances.body) == {"predictions": many}
    version = "/predictions/{name}/{version}"
    one = send(models, version, ROWS[0], version="1.0")
    assert orjson.loads(one.body) == pytest.approx(many[0], abs=1e-6)
    ping = send(models, "/ping", method="GET")
    assert orjson.loads(ping.body) == {"status": "Healthy"}


@pytest.mark.parametrize("endpoint", PREDICTING, ids=lambda e: f"{e.method} {e.name}")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b'{"instances": [NaN]}', "body"),
        (b'{"instances": [Infinity]}', "body"),
        (b'{"instances": [1e999]}', "body"),
        (b'"\xff"', "body"),
        (b"[" * 100_000, "body"),
        (b"null", None),
        (b"{}", None),
        (b"[]", None),
        (b"[1, [2]]", None),
    ],
)
def test_what_is_no_request_is_refused(
    endpoint: messages.Endpoint, body: bytes, field: str | None, models: OneModel
) -> None:
    with pytest.raises(messages.RequestError) as refused:
        send(models, endpoint.path, body, endpoint.method)
    assert refused.value.status == 400
    assert refused.value.field == (field or refused.value.field) is not None


@pytest.mark.parametrize("endpoint", PREDICTING, ids=lambda e: f"{e.method} {e.name}")
def test_types_of_a_body(endpoint: messages.Endpoint, models: OneModel) -> None:
    path, method = endpoint.path, endpoint.method
    for kind in ("", "application/x-www-form-urlencoded", "application/json; a=b"):
        assert send(models, path, BODIES[path], method, kind).status == 200
    request = messages.Request(
        {"name": "model"}, {"content-encoding": "gzip"}, orjson.dumps(BODIES[path])
    )
    with pytest.raises(messages.RequestError, match="send it uncompressed"):
        endpoint.handler(models, request)
    for kind in ("text/xml", "multipart/form-data"):
        with pytest.raises(messages.RequestError, match="content-type") as refused:
            send(models, path, BODIES[path], method, kind)
        assert refused.value.status == 415


@pytest.mark.parametrize("endpoint", PREDICTING, ids=lambda e: f"{e.method} {e.name}")
def test_too_many_rows_are_refused(
    endpoint: messages.Endpoint, models: OneModel
) -> None:
    path, method = endpoint.path, endpoint.method
    assert send(models, path, BODIES[path], method, max_rows=2).rows == 2
    with pytest.raises(messages.RequestError, match="2 rows; at most 1") as refused:
        send(models, path, BODIES[path], method, max_rows=1)
    assert refused.value.status == 413


@pytest.mark.parametrize("endpoint", PREDICTING, ids=lambda e: f"{e.method} {e.name}")
def test_no_damaged_body_is_an_error_of_the_server(
    endpoint: messages.Endpoint, models: OneModel
) -> None:
    whole = orjson.dumps(BODIES[endpoint.path])
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        body = bytearray(whole)
        for place in random.integers(0, len(body), random.integers(1, 4)):
            body[place] = random.choice(list(b'[]{}",:0-9eEtfn\\\xff\x00'))
        try:
            reply = send(models, endpoint.path, bytes(body), endpoint.method)
        except messages.RequestError as error:
            assert 400 <= error.status < 500
            assert error.field
            refused += 1
        else:
            assert reply.rows > 0
    assert refused > 100


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: f"{e.method} {e.path}")
def test_each_protocol_writes_errors_its_own_way(endpoint: messages.Endpoint) -> None:
    reply = endpoint.refuse(messages.RequestError(404, "unknown model", "name"))
    assert reply.status == 404
    content = orjson.loads(reply.body)
    text = content.get("error") or content.get("message") or content["status"]["info"]
    assert text == "name: unknown model"


def test_unknown_models_are_refused(models: OneModel) -> None:
    for endpoint in ENDPOINTS:
        if "{name}" in endpoint.path:
            parts = {"name": "other", "version": "1"}
            body = orjson.dumps(BODIES.get(endpoint.path, {"instances": ROWS}))
            with pytest.raises(messages.RequestError) as refused:
                endpoint.handler(models, messages.Request(parts, {}, body))
            assert refused.value.status == 404


def test_no_two_endpoints_are_the_same() -> None:
    places = [(endpoint.method, endpoint.path) for endpoint in ENDPOINTS]
    assert len(set(places)) == len(places)


def test_a_model_without_a_finite_answer_is_no_answer(
    models: OneModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"probabilities": np.full((2, len(CLASSES)), np.nan, dtype=np.float32)}
    monkeypatch.setattr(models.model, "predict", lambda feeds: answers)
    with pytest.raises(messages.RequestError, match="no finite answer") as refused:
        send(models, PREDICT, {"instances": ROWS})
    assert refused.value.status == 422
